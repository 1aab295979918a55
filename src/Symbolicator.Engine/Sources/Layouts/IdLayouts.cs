namespace Symbolicator.Engine.Sources.Layouts;

/// <summary>Layouts whose paths are an id and what is wanted of it: debuginfod, unified and slashsymbols.</summary>
internal static class IdLayouts
{
    public static void AddDebuginfodPaths(FileType type, ObjectNames names, List<string> paths)
    {
        string? what = type switch
        {
            FileType.ElfCode => "executable",
            FileType.ElfDebug => "debuginfo",
            _ => null,
        };
        if (what is not null && names.CodeId is { } id)
        {
            paths.Add($"{id}/{what}");
        }
    }

    public static void AddUnifiedPaths(FileType type, ObjectNames names, List<string> paths)
    {
        string? what = type switch
        {
            FileType.Pe or FileType.ElfCode or FileType.MachCode or FileType.WasmCode => "executable",
            FileType.Pdb or FileType.PortablePdb or FileType.ElfDebug or FileType.MachDebug or FileType.WasmDebug => "debuginfo",
            FileType.Breakpad => "breakpad",
            FileType.SourceBundle => "sourcebundle",
            FileType.UuidMap => "uuidmap",
            FileType.BcSymbolMap => "bcsymbolmap",
            FileType.Il2Cpp => "il2cpp",
            _ => null,
        };
        string? id = type switch
        {
            FileType.Pe or FileType.Pdb or FileType.PortablePdb => Breakpad(names),
            FileType.ElfCode or FileType.ElfDebug => names.CodeId,
            FileType.Breakpad or FileType.SourceBundle or FileType.Il2Cpp => names.ObjectType switch
            {
                ObjectType.Pe or ObjectType.PeDotnet => Breakpad(names),
                ObjectType.Elf => names.CodeId,
                ObjectType.MachO or ObjectType.Wasm => names.CodeIdOrUuid,
                _ => null,
            },
            _ => names.CodeIdOrUuid,
        };
        if (what is not null && id is { Length: > 2 })
        {
            paths.Add($"{id[..2]}/{id[2..]}/{what}");
        }
    }

    /// <summary>The same for all file types: the upper-case spelling first.</summary>
    public static void AddSlashSymbolsPaths(ObjectNames names, List<string> paths)
    {
        if (names is { CodeFile: { } file, CodeId: { } id })
        {
            string upper = id.ToUpperInvariant();
            paths.Add($"{file}/{upper}/symbols");
            if (upper != id)
            {
                paths.Add($"{file}/{id}/symbols");
            }
        }
    }

    private static string? Breakpad(ObjectNames names) => names.DebugId?.ToBreakpad().ToLowerInvariant();
}
