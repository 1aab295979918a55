namespace Symbolicator.Formats.Pe;

/// <summary>Numbers of the PE format ("PE Format" of the Windows documentation), each with its name there.</summary>
internal static class PeConstants
{
    public const ushort DosMagic = 0x5a4d; // IMAGE_DOS_SIGNATURE, "MZ"
    public const int DosHeaderBytes = 64;
    public const int DosNewHeaderOffset = 0x3c; // e_lfanew
    public const uint PeMagic = 0x0000_4550; // IMAGE_NT_SIGNATURE, "PE\0\0"
    public const ushort Optional32 = 0x10b; // IMAGE_NT_OPTIONAL_HDR32_MAGIC
    public const ushort Optional64 = 0x20b; // IMAGE_NT_OPTIONAL_HDR64_MAGIC

    /// <summary>More directories than the format defines are not looked at.</summary>
    public const int Directories = 16; // IMAGE_NUMBEROF_DIRECTORY_ENTRIES

    /// <summary>The loader rounds file offsets of sections down to this, whatever the headers state.</summary>
    public const uint FileSector = 512;

    /// <summary>Images whose sections are aligned to less are mapped as they lie in the file.</summary>
    public const uint Page = 4096;

    public const ushort CharacteristicExecutable = 0x0002; // IMAGE_FILE_EXECUTABLE_IMAGE
    public const ushort CharacteristicLibrary = 0x2000; // IMAGE_FILE_DLL

    public const uint CodeViewPdb70 = 0x5344_5352; // "RSDS"
    public const uint CodeViewPdb20 = 0x3031_424e; // "NB10"
    public const ushort PortablePdbMarker = 0x504d; // MinorVersion of a CodeView entry: "PM"
    public const uint EmbeddedPortablePdbMagic = 0x4244_504d; // "MPDB"

    /// <summary>Where the 64-bit load configuration points at the metadata of hybrid images.</summary>
    public const int HybridPointerOffset64 = 200; // IMAGE_LOAD_CONFIG_DIRECTORY64.CHPEMetadataPointer
}

/// <summary>IMAGE_FILE_MACHINE_*.</summary>
internal enum PeMachine : ushort
{
    I386 = 0x14c,
    Arm = 0x1c0,
    Thumb = 0x1c2,
    ArmNt = 0x1c4,
    PowerPc = 0x1f0,
    PowerPcFloat = 0x1f1,
    Amd64 = 0x8664,
    Arm64Ec = 0xa641,
    Arm64X = 0xa64e,
    Arm64 = 0xaa64,
}

/// <summary>IMAGE_DIRECTORY_ENTRY_*: index of a data directory.</summary>
internal enum PeDirectory
{
    Export = 0,
    Exception = 3,
    Debug = 6,
    LoadConfig = 10,
    ClrHeader = 14, // IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR
}

/// <summary>IMAGE_SCN_*.</summary>
[Flags]
internal enum PeSectionFlags : uint
{
    None = 0,
    Code = 0x20, // IMAGE_SCN_CNT_CODE
    Uninitialized = 0x80, // IMAGE_SCN_CNT_UNINITIALIZED_DATA
    Execute = 0x2000_0000, // IMAGE_SCN_MEM_EXECUTE
}

/// <summary>IMAGE_DEBUG_TYPE_*: what an entry of the debug directory is.</summary>
internal enum PeDebugType : uint
{
    CodeView = 2,
    EmbeddedPortablePdb = 17,
}

/// <summary>IMAGE_SYM_CLASS_*.</summary>
internal enum CoffStorageClass : byte
{
    External = 2,
    Static = 3,
}
