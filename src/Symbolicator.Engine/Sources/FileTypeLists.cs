namespace Symbolicator.Engine.Sources;

/// <summary>What an object is wanted for.</summary>
public enum ObjectPurpose : byte
{
    /// <summary>Unwinding.</summary>
    Unwind,

    /// <summary>Functions, files and lines.</summary>
    Debug,
}

/// <summary>File types searched for each type of module, in order.</summary>
public static class FileTypeLists
{
    private static readonly FileType[] MachO = [FileType.MachCode, FileType.Breakpad, FileType.MachDebug, FileType.Pdb, FileType.ElfDebug];
    private static readonly FileType[] Pe = [FileType.Pe, FileType.Breakpad, FileType.MachDebug, FileType.Pdb, FileType.ElfDebug];
    private static readonly FileType[] Elf = [FileType.ElfCode, FileType.Breakpad, FileType.MachDebug, FileType.Pdb, FileType.ElfDebug];
    private static readonly FileType[] Wasm = [FileType.WasmCode, FileType.WasmDebug];
    private static readonly FileType[] DotnetDebug = [FileType.PortablePdb, FileType.Pdb];
    private static readonly FileType[] DotnetUnwind = [FileType.PortablePdb];

    private static readonly FileType[] Unknown =
    [
        FileType.Pdb, FileType.MachDebug, FileType.ElfDebug, FileType.Pe, FileType.MachCode, FileType.ElfCode, FileType.WasmCode,
        FileType.WasmDebug, FileType.Breakpad, FileType.SourceBundle, FileType.UuidMap, FileType.BcSymbolMap, FileType.PortablePdb,
        FileType.Proguard,
    ];

    public static IReadOnlyList<FileType> For(ObjectType type, ObjectPurpose purpose) => type switch
    {
        ObjectType.MachO => MachO,
        ObjectType.Pe => Pe,
        ObjectType.Elf => Elf,
        ObjectType.Wasm => Wasm,
        ObjectType.PeDotnet => purpose == ObjectPurpose.Unwind ? DotnetUnwind : DotnetDebug,
        _ => Unknown,
    };
}
