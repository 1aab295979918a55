using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>Header of a unit (DWARF5 §7.5.1).</summary>
/// <param name="Offset">Of the unit in its section.</param>
/// <param name="Length">Bytes from <paramref name="Offset"/> to the next unit, at most what the section has.</param>
/// <param name="Type">Of the header in DWARF 5; older ones say <see cref="DwUnitType.Compile"/> or, in .debug_types, <see cref="DwUnitType.Type"/>.</param>
/// <param name="AbbrevOffset">Of its abbreviations in <c>.debug_abbrev</c>.</param>
/// <param name="Signature">Of a type unit.</param>
/// <param name="TypeOffset">Of the type of a type unit, from <paramref name="Offset"/>.</param>
/// <param name="FirstEntry">Position of the unit entry, from <paramref name="Offset"/>.</param>
internal readonly record struct UnitHeader(
    ulong Offset,
    ulong Length,
    DwarfEncoding Encoding,
    DwUnitType Type,
    ulong AbbrevOffset,
    ulong Signature,
    ulong TypeOffset,
    int FirstEntry)
{
    /// <summary>Values of a 4-byte unit_length from here on are no lengths.</summary>
    private const uint FirstReservedLength = 0xfffffff0;

    private const uint Dwarf64Escape = 0xffffffff;

    /// <summary>
    /// Reads a unit_length (DWARF5 §7.4), also of other sections; a length beyond the end of the window is cut, and
    /// <paramref name="isCut"/> tells so.
    /// </summary>
    public static ulong ReadLength(ref ByteReader reader, out bool is64, out bool isCut)
    {
        isCut = false;
        ulong length = reader.ReadU32();
        is64 = length == Dwarf64Escape;
        if (is64)
        {
            length = reader.ReadU64();
        }
        else if (length >= FirstReservedLength)
        {
            reader.Fail(MalformedReason.BadValue);
            return 0;
        }

        if (length > (ulong)reader.Remaining)
        {
            isCut = true;
            length = (ulong)reader.Remaining;
        }

        return length;
    }

    /// <summary>Reads a header; a reader that faulted afterwards makes the result meaningless.</summary>
    /// <param name="reader">At the start of the unit.</param>
    /// <param name="offset">Of the unit in its section.</param>
    /// <param name="inTypes">The section is <c>.debug_types</c>.</param>
    public static UnitHeader Read(ref ByteReader reader, ulong offset, bool inTypes)
    {
        int start = reader.Position;
        ulong length = ReadLength(ref reader, out bool is64, out _) + (ulong)(reader.Position - start);
        ushort version = reader.ReadU16();
        if (version is < 2 or > 5)
        {
            reader.Fail(MalformedReason.BadVersion);
            return default;
        }

        var type = inTypes ? DwUnitType.Type : DwUnitType.Compile;
        byte addressSize;
        ulong abbrevs;
        if (version >= 5)
        {
            type = (DwUnitType)reader.ReadU8();
            addressSize = reader.ReadU8();
            abbrevs = reader.ReadWord(is64);
        }
        else
        {
            abbrevs = reader.ReadWord(is64);
            addressSize = reader.ReadU8();
        }

        ulong signature = 0;
        ulong typeOffset = 0;
        switch (type)
        {
            case DwUnitType.Compile or DwUnitType.Partial:
                break;
            case DwUnitType.Skeleton or DwUnitType.SplitCompile:
                reader.Skip(sizeof(ulong)); // dwo_id
                break;
            case DwUnitType.Type or DwUnitType.SplitType:
                signature = reader.ReadU64();
                typeOffset = reader.ReadWord(is64);
                break;
            default:
                reader.Fail(MalformedReason.BadValue);
                break;
        }

        if (!DwarfEncoding.IsAddressSize(addressSize))
        {
            reader.Fail(MalformedReason.BadValue);
        }

        var encoding = new DwarfEncoding(version, addressSize, is64);
        return new UnitHeader(offset, length, encoding, type, abbrevs, signature, typeOffset, reader.Position - start);
    }
}
