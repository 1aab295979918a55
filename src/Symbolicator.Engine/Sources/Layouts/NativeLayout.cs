namespace Symbolicator.Engine.Sources.Layouts;

/// <summary>
/// Each platform's own habit: symbol server paths for PE and PDB, build ids for ELF and Wasm, LLDB's UUID folders for
/// Mach-O, Breakpad's folders for its text files.
/// </summary>
internal static class NativeLayout
{
    private const string SourceSuffix = ".src.zip";

    public static void AddPaths(FileType type, ObjectNames names, List<string> paths)
    {
        switch (type)
        {
            case FileType.Pe when names is { CodeFile: { } file, PeId: { } id }:
                paths.Add($"{file}/{id}/{file}");
                break;
            case FileType.Pdb when names is { DebugFile: { } file, DebugId: { } id }:
                paths.Add($"{file}/{id.ToBreakpad()}/{file}");
                break;
            case FileType.PortablePdb when names is { DebugFile: { } file, PortablePdbId: { } id }:
                paths.Add($"{file}/{id}/{file}");
                break;
            case FileType.ElfCode:
                AddBuildIdPath(names.CodeId, "", paths);
                break;
            case FileType.ElfDebug:
                AddBuildIdPath(names.CodeId, ".debug", paths);
                break;
            case FileType.MachCode:
                AddUuidPath(names.MachUuid, ".app", paths);
                break;
            case FileType.MachDebug:
                AddUuidPath(names.MachUuid, "", paths);
                break;
            case FileType.WasmCode:
                AddBuildIdPath(names.CodeIdOrUuid, "", paths);
                break;
            case FileType.WasmDebug:
                AddBuildIdPath(names.CodeIdOrUuid, ".debug", paths);
                break;
            case FileType.Breakpad when names is { DebugFile: { } file, DebugFileStem: { } stem, DebugId: { } id }:
                paths.Add($"{file}/{id.ToBreakpad()}/{stem}.sym");
                break;
            case FileType.SourceBundle:
                AddSourceBundlePaths(names, paths);
                break;
        }
    }

    private static void AddSourceBundlePaths(ObjectNames names, List<string> paths)
    {
        switch (names.ObjectType)
        {
            case ObjectType.Elf:
                AddBuildIdPath(names.CodeId, SourceSuffix, paths);
                break;
            case ObjectType.MachO:
                AddUuidPath(names.MachUuid, SourceSuffix, paths);
                break;
            case ObjectType.Wasm:
                AddBuildIdPath(names.CodeIdOrUuid, SourceSuffix, paths);
                return;
        }

        if (names is { DebugFile: { } file, DebugFileStem: { } stem, DebugId: { } id })
        {
            if (names.ObjectType == ObjectType.PeDotnet)
            {
                paths.Add($"{file}/{names.PortablePdbId}/{stem}{SourceSuffix}");
            }

            paths.Add($"{file}/{id.ToBreakpad()}/{stem}{SourceSuffix}");
        }
    }

    private static void AddBuildIdPath(string? id, string suffix, List<string> paths)
    {
        if (id is { Length: > 2 })
        {
            paths.Add($"{id[..2]}/{id[2..]}{suffix}");
        }
    }

    private static void AddUuidPath(string? uuid, string suffix, List<string> paths)
    {
        if (uuid?.ToUpperInvariant() is { } id)
        {
            paths.Add($"{id[..4]}/{id[4..8]}/{id[8..12]}/{id[12..16]}/{id[16..20]}/{id[20..]}{suffix}");
        }
    }
}
