namespace Symbolicator.Formats.Elf;

/// <summary>e_type.</summary>
internal enum ElfType : ushort
{
    None = 0, // ET_NONE
    Relocatable = 1, // ET_REL
    Executable = 2, // ET_EXEC
    Dynamic = 3, // ET_DYN
    Core = 4, // ET_CORE
    SonyExecutable = 0xfe10, // ET_SCE_DYNEXEC
    SonyDynamic = 0xfe18, // ET_SCE_DYNAMIC
}

/// <summary>e_machine.</summary>
internal enum ElfMachine : ushort
{
    X86 = 3, // EM_386
    Mips = 8, // EM_MIPS
    MipsLittleEndian = 10, // EM_MIPS_RS3_LE
    Ppc = 20, // EM_PPC
    Ppc64 = 21, // EM_PPC64
    S390 = 22, // EM_S390
    Arm = 40, // EM_ARM
    Amd64 = 62, // EM_X86_64
    Arm64 = 183, // EM_AARCH64
    Alpha = 0x9026, // EM_ALPHA
}

/// <summary>p_type.</summary>
internal enum ElfSegmentType : uint
{
    Load = 1, // PT_LOAD
    Dynamic = 2, // PT_DYNAMIC
    Interpreter = 3, // PT_INTERP
    Note = 4, // PT_NOTE
    SonyLibraryData = 0x61000000, // PT_SCE_DYNLIBDATA, begins with a fingerprint of the image
}

/// <summary>p_flags.</summary>
[Flags]
internal enum ElfSegmentFlags : uint
{
    Execute = 1, // PF_X
}

/// <summary>sh_type.</summary>
internal enum ElfSectionType : uint
{
    Null = 0, // SHT_NULL
    ProgramBits = 1, // SHT_PROGBITS
    Symbols = 2, // SHT_SYMTAB
    Note = 7, // SHT_NOTE
    NoBits = 8, // SHT_NOBITS
    DynamicSymbols = 11, // SHT_DYNSYM
}

/// <summary>sh_flags.</summary>
[Flags]
internal enum ElfSectionFlags : ulong
{
    Allocated = 2, // SHF_ALLOC
    Executable = 4, // SHF_EXECINSTR
    Compressed = 0x800, // SHF_COMPRESSED
}

/// <summary>st_info, low half.</summary>
internal enum ElfSymbolType : byte
{
    None = 0, // STT_NOTYPE
    Function = 2, // STT_FUNC
    IndirectFunction = 10, // STT_GNU_IFUNC
}

/// <summary>st_info, high half.</summary>
internal enum ElfSymbolBinding : byte
{
    Local = 0, // STB_LOCAL
}

/// <summary>d_tag.</summary>
internal enum ElfDynamicTag : ulong
{
    End = 0, // DT_NULL
    PltRelocationsSize = 2, // DT_PLTRELSZ
    Hash = 4, // DT_HASH
    Strings = 5, // DT_STRTAB
    Symbols = 6, // DT_SYMTAB
    RelocationsWithAddend = 7, // DT_RELA
    RelocationsWithAddendSize = 8, // DT_RELASZ
    StringsSize = 10, // DT_STRSZ
    SymbolSize = 11, // DT_SYMENT
    SharedObjectName = 14, // DT_SONAME
    Relocations = 17, // DT_REL
    RelocationsSize = 18, // DT_RELSZ
    PltRelocationsKind = 20, // DT_PLTREL
    PltRelocations = 23, // DT_JMPREL
    GnuHash = 0x6ffffef5, // DT_GNU_HASH
    Flags1 = 0x6ffffffb, // DT_FLAGS_1
}

/// <summary>Single values that belong to no enumeration.</summary>
internal static class ElfConstants
{
    public const int SegmentCountInSection0 = 0xffff; // PN_XNUM
    public const int SectionIndexReserved = 0xff00; // SHN_LORESERVE
    public const int SectionIndexAbsolute = 0xfff1; // SHN_ABS
    public const int SectionIndexCommon = 0xfff2; // SHN_COMMON
    public const int SectionIndexExtended = 0xffff; // SHN_XINDEX

    public const uint BuildIdNote = 3; // NT_GNU_BUILD_ID
    public const uint CompressedZlib = 1; // ELFCOMPRESS_ZLIB
    public const uint CompressedZstd = 2; // ELFCOMPRESS_ZSTD
    public const ulong PositionIndependentExecutable = 0x0800_0000; // DF_1_PIE
    public const uint Ppc64AbiMask = 3; // EF_PPC64_ABI: 0 unstated, 1 with function descriptors, 2 without
}
