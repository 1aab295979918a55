namespace Symbolicator.Engine.Sources.Layouts;

/// <summary>
/// Where a source with a directory layout would have a file. Pure. Paths are relative, have forward slashes and no
/// empty, <c>.</c> or <c>..</c> component.
/// </summary>
public static class SymbolPaths
{
    /// <summary>All paths of a file, best first; none when the filters or the layout exclude it or an id is missing.</summary>
    public static IReadOnlyList<string> Locate(SourceFilters filters, LayoutConfig layout, ObjectQuery query) =>
        filters.Allows(query) ? Locate(layout, query) : [];

    /// <summary>All paths of a file, best first.</summary>
    public static IReadOnlyList<string> Locate(LayoutConfig layout, ObjectQuery query)
    {
        var names = new ObjectNames(query);
        var paths = new List<string>(2);
        switch (layout.Type)
        {
            case LayoutType.Native:
                NativeLayout.AddPaths(query.FileType, names, paths);
                break;
            case LayoutType.Symstore:
                SymstoreLayout.AddPaths(query.FileType, names, SymstoreFlavor.Symstore, paths);
                break;
            case LayoutType.SymstoreIndex2:
                SymstoreLayout.AddPaths(query.FileType, names, SymstoreFlavor.Index2, paths);
                break;
            case LayoutType.Ssqp:
                SymstoreLayout.AddPaths(query.FileType, names, SymstoreFlavor.Ssqp, paths);
                break;
            case LayoutType.Debuginfod:
                IdLayouts.AddDebuginfodPaths(query.FileType, names, paths);
                break;
            case LayoutType.Unified:
                IdLayouts.AddUnifiedPaths(query.FileType, names, paths);
                break;
            case LayoutType.SlashSymbols:
                IdLayouts.AddSlashSymbolsPaths(names, paths);
                break;
        }

        ApplyCasing(layout.Casing, paths);
        AddCompressedVariants(query.FileType, paths);
        return paths;
    }

    private static void ApplyCasing(PathCasing casing, List<string> paths)
    {
        for (int i = 0; casing != PathCasing.Default && i < paths.Count; i++)
        {
            paths[i] = string.Create(paths[i].Length, (paths[i], casing), static (span, state) =>
            {
                bool lower = state.casing == PathCasing.Lowercase;
                for (int c = 0; c < span.Length; c++)
                {
                    char letter = state.Item1[c];
                    span[c] = lower
                        ? char.IsAsciiLetterUpper(letter) ? (char)(letter | 0x20) : letter
                        : char.IsAsciiLetterLower(letter) ? (char)(letter & ~0x20) : letter;
                }
            });
        }
    }

    /// <summary>Files of Microsoft's symbol servers also exist as CAB with <c>_</c> in place of the last letter.</summary>
    private static void AddCompressedVariants(FileType type, List<string> paths)
    {
        if (type is FileType.Pe or FileType.Pdb)
        {
            int count = paths.Count;
            for (int i = 0; i < count; i++)
            {
                paths.Add(string.Concat(paths[i].AsSpan(0, paths[i].Length - 1), "_"));
            }
        }
    }
}
