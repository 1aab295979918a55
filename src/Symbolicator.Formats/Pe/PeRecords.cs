using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe;

/// <summary>IMAGE_FILE_HEADER.</summary>
internal readonly record struct PeFileHeader(
    PeMachine Machine,
    ushort SectionCount,
    uint Timestamp,
    uint SymbolOffset,
    uint SymbolCount,
    ushort OptionalSize,
    ushort Characteristics)
{
    public const int Size = 20;

    public static PeFileHeader Read(ref ByteReader r) => new(
        (PeMachine)r.ReadU16(), r.ReadU16(), r.ReadU32(), r.ReadU32(), r.ReadU32(), r.ReadU16(), r.ReadU16());
}

/// <summary>IMAGE_OPTIONAL_HEADER32 or 64 without its data directories, which follow.</summary>
internal readonly record struct PeOptionalHeader(
    bool Is64, ulong ImageBase, uint SectionAlignment, uint ImageSize, uint HeaderSize, uint DirectoryCount)
{
    public static PeOptionalHeader Read(ref ByteReader r)
    {
        ushort magic = r.ReadU16();
        if (magic is not (PeConstants.Optional32 or PeConstants.Optional64))
        {
            r.Fail(MalformedReason.BadMagic);
        }

        bool is64 = magic == PeConstants.Optional64;
        r.Skip(is64 ? 22u : 26u); // MajorLinkerVersion … BaseOfCode, BaseOfData
        ulong imageBase = r.ReadWord(is64);
        uint sectionAlignment = r.ReadU32();
        r.Skip(20); // FileAlignment … Win32VersionValue
        uint imageSize = r.ReadU32();
        uint headerSize = r.ReadU32();
        r.Skip(8); // CheckSum, Subsystem, DllCharacteristics
        r.Skip(is64 ? 32u : 16u); // SizeOfStackReserve … SizeOfHeapCommit
        r.Skip(4); // LoaderFlags
        return new PeOptionalHeader(is64, imageBase, sectionAlignment, imageSize, headerSize, r.ReadU32());
    }
}

/// <summary>IMAGE_DATA_DIRECTORY.</summary>
internal readonly record struct PeDirectoryEntry(uint Rva, uint Size)
{
    public const int Bytes = 8;

    public static PeDirectoryEntry Read(ref ByteReader r) => new(r.ReadU32(), r.ReadU32());
}

/// <summary>IMAGE_SECTION_HEADER.</summary>
/// <param name="Name">Eight bytes as a little-endian number.</param>
/// <param name="VirtualSize">Bytes in memory, 0 in some old files.</param>
/// <param name="Rva">Where it begins in memory.</param>
/// <param name="RawSize">Bytes in the file.</param>
/// <param name="RawOffset">Where they begin, as stated.</param>
/// <param name="Flags">Characteristics.</param>
internal readonly record struct PeSectionHeader(
    ulong Name, uint VirtualSize, uint Rva, uint RawSize, uint RawOffset, PeSectionFlags Flags)
{
    public const int Size = 40;

    public static PeSectionHeader Read(ref ByteReader r)
    {
        ulong name = r.ReadU64();
        uint virtualSize = r.ReadU32();
        uint rva = r.ReadU32();
        uint rawSize = r.ReadU32();
        uint rawOffset = r.ReadU32();
        r.Skip(12); // PointerToRelocations … NumberOfLinenumbers
        return new PeSectionHeader(name, virtualSize, rva, rawSize, rawOffset, (PeSectionFlags)r.ReadU32());
    }
}

/// <summary>A section with the place of its bytes.</summary>
/// <param name="Header">As stated.</param>
/// <param name="Mapped">Its bytes in the file as the loader maps them; empty when it has none.</param>
internal readonly record struct PeSection(PeSectionHeader Header, ByteRange Mapped)
{
    public ulong Start => Header.Rva;

    /// <summary>End in memory.</summary>
    public ulong End => (ulong)Header.Rva + Math.Max(Header.VirtualSize, Header.VirtualSize == 0 ? Header.RawSize : 0);

    public bool IsCode => (Header.Flags & PeSectionFlags.Execute) != 0;
}

/// <summary>IMAGE_DEBUG_DIRECTORY.</summary>
internal readonly record struct PeDebugEntry(
    uint Timestamp, ushort MinorVersion, PeDebugType Type, uint DataSize, uint DataRva, uint DataOffset)
{
    public const int Size = 28;

    public static PeDebugEntry Read(ref ByteReader r)
    {
        r.Skip(4); // Characteristics
        uint timestamp = r.ReadU32();
        r.Skip(2); // MajorVersion
        return new PeDebugEntry(timestamp, r.ReadU16(), (PeDebugType)r.ReadU32(), r.ReadU32(), r.ReadU32(), r.ReadU32());
    }
}

/// <summary>IMAGE_EXPORT_DIRECTORY, the tables of it.</summary>
internal readonly record struct PeExportHeader(
    uint FunctionCount, uint NameCount, uint FunctionsRva, uint NamesRva, uint OrdinalsRva)
{
    public static PeExportHeader Read(ref ByteReader r)
    {
        r.Skip(20); // Characteristics … Base
        return new PeExportHeader(r.ReadU32(), r.ReadU32(), r.ReadU32(), r.ReadU32(), r.ReadU32());
    }
}

/// <summary>IMAGE_SYMBOL.</summary>
/// <param name="Name">Eight bytes as a little-endian number: the text, or zeros and an offset into the string table.</param>
/// <param name="Value">Offset in the section.</param>
/// <param name="Section">Number of the section from 1; none for 0 and below.</param>
/// <param name="Type">The derived type stands in bits 4 and 5.</param>
/// <param name="Class">Storage class.</param>
/// <param name="Auxiliary">Records that follow and belong to it.</param>
internal readonly record struct CoffSymbol(
    ulong Name, uint Value, short Section, ushort Type, CoffStorageClass Class, byte Auxiliary)
{
    /// <summary>Bytes of a record, also of an auxiliary one.</summary>
    public const int Size = 18;

    public bool IsFunction => (Type >> 4 & 3) == 2; // IMAGE_SYM_DTYPE_FUNCTION

    public static CoffSymbol Read(ref ByteReader r) =>
        new(r.ReadU64(), r.ReadU32(), r.ReadS16(), r.ReadU16(), (CoffStorageClass)r.ReadU8(), r.ReadU8());
}
