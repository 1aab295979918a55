namespace Symbolicator.Engine.Sources;

/// <summary>File types that sources are asked for (wire-level names in <see cref="FileTypeNames"/>).</summary>
public enum FileType : byte
{
    Pe,
    Pdb,
    PortablePdb,
    MachDebug,
    MachCode,
    ElfDebug,
    ElfCode,
    WasmDebug,
    WasmCode,
    Breakpad,
    SourceBundle,
    UuidMap,
    BcSymbolMap,
    Il2Cpp,
    Proguard,
}

/// <summary>Names of file types on the wire.</summary>
public static class FileTypeNames
{
    private static readonly string[] Names =
    [
        "pe", "pdb", "portablepdb", "mach_debug", "mach_code", "elf_debug", "elf_code", "wasm_debug", "wasm_code",
        "breakpad", "sourcebundle", "uuidmap", "bcsymbolmap", "il2cpp", "proguard",
    ];

    public static string Name(this FileType type) => Names[(int)type];

    public static bool TryParse(string name, out FileType type)
    {
        int index = Array.IndexOf(Names, name);
        type = (FileType)Math.Max(index, 0);
        return index >= 0;
    }
}
