using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>Word size and byte order (e_ident, gABI chapter 4).</summary>
internal readonly record struct ElfEncoding(bool Is64, bool BigEndian)
{
    public const int IdentSize = 16;

    public int AddressSize => Is64 ? 8 : 4;

    /// <exception cref="MalformedFileException">Not ELF, or of a class or byte order that is not defined.</exception>
    public static ElfEncoding Read(ReadOnlySpan<byte> ident)
    {
        if (ident.Length < IdentSize)
        {
            throw new MalformedFileException(FileFormat.Elf, new ParseFault(MalformedReason.Truncated, ident.Length), "identification");
        }

        if (ident[4] is not (1 or 2)) // EI_CLASS
        {
            throw new MalformedFileException(FileFormat.Elf, new ParseFault(MalformedReason.BadValue, 4), "class");
        }

        if (ident[5] is not (1 or 2)) // EI_DATA
        {
            throw new MalformedFileException(FileFormat.Elf, new ParseFault(MalformedReason.BadValue, 5), "byte order");
        }

        return new ElfEncoding(ident[4] == 2, ident[5] == 2);
    }
}

/// <summary>Ehdr without its identification.</summary>
internal readonly record struct ElfHeader(
    ElfType Type,
    ElfMachine Machine,
    ulong SegmentOffset,
    ulong SectionOffset,
    uint Flags,
    ushort SegmentSize,
    ushort SegmentCount,
    ushort SectionSize,
    ushort SectionCount,
    ushort NameSection)
{
    public static int SizeOf(ElfEncoding encoding) => encoding.Is64 ? 64 : 52;

    public static ElfHeader Read(ref ByteReader r, ElfEncoding encoding)
    {
        r.Skip(ElfEncoding.IdentSize);
        var type = (ElfType)r.ReadU16();
        var machine = (ElfMachine)r.ReadU16();
        r.Skip(sizeof(uint)); // e_version
        r.ReadWord(encoding.Is64); // e_entry
        ulong segments = r.ReadWord(encoding.Is64); // e_phoff
        ulong sections = r.ReadWord(encoding.Is64); // e_shoff
        uint flags = r.ReadU32();
        r.Skip(sizeof(ushort)); // e_ehsize
        return new ElfHeader(
            type, machine, segments, sections, flags, r.ReadU16(), r.ReadU16(), r.ReadU16(), r.ReadU16(), r.ReadU16());
    }
}

/// <summary>Phdr.</summary>
internal readonly record struct ElfSegment(
    ElfSegmentType Type, ElfSegmentFlags Flags, ulong Offset, ulong Address, ulong FileSize, ulong MemorySize, ulong Alignment)
{
    /// <summary>End in memory; the last address when it wraps.</summary>
    public ulong End => ElfAddress.End(Address, MemorySize);

    public static int SizeOf(ElfEncoding encoding) => encoding.Is64 ? 56 : 32;

    public static ElfSegment Read(ref ByteReader r, ElfEncoding encoding)
    {
        bool is64 = encoding.Is64;
        var type = (ElfSegmentType)r.ReadU32();
        uint flags = is64 ? r.ReadU32() : 0;
        ulong offset = r.ReadWord(is64);
        ulong address = r.ReadWord(is64);
        r.ReadWord(is64); // p_paddr
        ulong fileSize = r.ReadWord(is64);
        ulong memorySize = r.ReadWord(is64);
        flags = is64 ? flags : r.ReadU32();
        return new ElfSegment(type, (ElfSegmentFlags)flags, offset, address, fileSize, memorySize, r.ReadWord(is64));
    }
}

/// <summary>Shdr.</summary>
internal readonly record struct ElfSection(
    uint Name,
    ElfSectionType Type,
    ElfSectionFlags Flags,
    ulong Address,
    ulong Offset,
    ulong Size,
    uint Link,
    uint Info,
    ulong Alignment,
    ulong EntrySize)
{
    /// <summary>
    /// Bytes of it are in the file. Separate debug files keep headers of what they left out, as NOBITS or with
    /// offset 0.
    /// </summary>
    public bool HasBytes => Type is not (ElfSectionType.Null or ElfSectionType.NoBits) && Offset != 0 && Size != 0;

    public bool IsCode => (Flags & (ElfSectionFlags.Allocated | ElfSectionFlags.Executable))
        == (ElfSectionFlags.Allocated | ElfSectionFlags.Executable);

    /// <summary>End in memory; the last address when it wraps.</summary>
    public ulong End => ElfAddress.End(Address, Size);

    public static int SizeOf(ElfEncoding encoding) => encoding.Is64 ? 64 : 40;

    public static ElfSection Read(ref ByteReader r, ElfEncoding encoding)
    {
        bool is64 = encoding.Is64;
        return new ElfSection(
            r.ReadU32(),
            (ElfSectionType)r.ReadU32(),
            (ElfSectionFlags)r.ReadWord(is64),
            r.ReadWord(is64),
            r.ReadWord(is64),
            r.ReadWord(is64),
            r.ReadU32(),
            r.ReadU32(),
            r.ReadWord(is64),
            r.ReadWord(is64));
    }
}

/// <summary>Sym.</summary>
internal readonly record struct ElfSymbol(
    uint Name, ElfSymbolType Type, ElfSymbolBinding Binding, ushort Section, ulong Value, ulong Size)
{
    public static int SizeOf(ElfEncoding encoding) => encoding.Is64 ? 24 : 16;

    public static ElfSymbol Read(ref ByteReader r, ElfEncoding encoding)
    {
        uint name = r.ReadU32();
        ulong value = 0, size = 0;
        if (!encoding.Is64)
        {
            value = r.ReadU32();
            size = r.ReadU32();
        }

        byte info = r.ReadU8();
        r.Skip(1); // st_other
        ushort section = r.ReadU16();
        if (encoding.Is64)
        {
            value = r.ReadU64();
            size = r.ReadU64();
        }

        return new ElfSymbol(name, (ElfSymbolType)(info & 15), (ElfSymbolBinding)(info >> 4), section, value, size);
    }
}

/// <summary>Chdr, in front of the bytes of a section with SHF_COMPRESSED.</summary>
internal readonly record struct ElfCompressionHeader(uint Kind, ulong Size)
{
    public static int SizeOf(ElfEncoding encoding) => encoding.Is64 ? 24 : 12;

    public static ElfCompressionHeader Read(ref ByteReader r, ElfEncoding encoding)
    {
        uint kind = r.ReadU32();
        r.Skip(encoding.Is64 ? 4u : 0u); // ch_reserved
        ulong size = r.ReadWord(encoding.Is64);
        r.ReadWord(encoding.Is64); // ch_addralign
        return new ElfCompressionHeader(kind, size);
    }
}

/// <summary>Address arithmetic on values of the file.</summary>
internal static class ElfAddress
{
    /// <summary>Start plus size, or the last address when that wraps.</summary>
    public static ulong End(ulong start, ulong size) => size > ulong.MaxValue - start ? ulong.MaxValue : start + size;
}
