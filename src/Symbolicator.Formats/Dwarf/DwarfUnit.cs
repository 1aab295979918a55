using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>A unit with what its unit entry says: everything that values of its other entries depend on.</summary>
internal sealed class DwarfUnit
{
    /// <summary>Bases count from behind a header of the section; without the attribute, from behind the first one.</summary>
    private const ulong IndexHeader32 = 8;
    private const ulong IndexHeader64 = 16;
    private const ulong RngListsHeader32 = 12;
    private const ulong RngListsHeader64 = 20;

    private readonly DwarfSections _sections;
    private readonly ParseLimits _limits;
    private readonly WorkBudget _budget;
    private readonly ulong _strOffsetsBase;
    private readonly ulong _addrBase;

    private DwarfUnit(
        DwarfSections sections, ParseLimits limits, WorkBudget budget, Section section, in UnitHeader header,
        AbbrevTable abbrevs, DwTag tag, in EntryAttributes values)
    {
        _sections = sections;
        _limits = limits;
        _budget = budget;
        Section = section;
        Header = header;
        Abbrevs = abbrevs;
        Tag = tag;

        // The bases come first: other attributes of this very entry may be indexes (DWARF5 §3.1.1).
        bool is64 = header.Encoding.Is64;
        bool isOld = header.Encoding.Version < 5;
        ulong indexHeader = isOld ? 0 : is64 ? IndexHeader64 : IndexHeader32;
        _strOffsetsBase = values[Slot.StrOffsetsBase].TryGetConstant(out ulong value) ? value : indexHeader;
        _addrBase = values[Slot.AddrBase].TryGetConstant(out value) ? value : indexHeader;
        RngListsBase = values[Slot.RngListsBase].TryGetConstant(out value) ? value : is64 ? RngListsHeader64 : RngListsHeader32;

        Name = values[Slot.Name];
        CompilationDirectory = values[Slot.CompDir];
        HasLines = values[Slot.StmtList].TryGetConstant(out value);
        LineOffset = value;
        LowPc = TryGetAddress(values[Slot.LowPc], out value) ? value : 0;
        Language = values[Slot.LanguageName].TryGetConstant(out value)
            ? DwarfLanguages.FromName(value)
            : DwarfLanguages.FromCode(values[Slot.Language].TryGetConstant(out value) ? value : 0);
    }

    /// <summary><c>.debug_info</c> or <c>.debug_types</c>.</summary>
    public Section Section { get; }

    public UnitHeader Header { get; }

    /// <summary>Tells units of all sections apart; offsets of entries can be added to it.</summary>
    public ulong Id => Header.Type == DwUnitType.Type && Encoding.Version < 5 ? Header.Offset | (1UL << 63) : Header.Offset;

    public DwarfEncoding Encoding => Header.Encoding;

    public AbbrevTable Abbrevs { get; }

    /// <summary>Of the unit entry; default when it has another one than units have.</summary>
    public DwTag Tag { get; }

    /// <summary>Partial units and type units hold what others refer to; what they say of language and lines is not of the code.</summary>
    public bool IsPrimary => Tag is DwTag.CompileUnit or DwTag.SkeletonUnit;

    public AttributeValue Name { get; }

    public AttributeValue CompilationDirectory { get; }

    public SourceLanguage Language { get; }

    /// <summary>Base of the ranges, 0 without the attribute.</summary>
    public ulong LowPc { get; }

    public ulong RngListsBase { get; }

    /// <summary>The unit has a line program, at <see cref="LineOffset"/>.</summary>
    public bool HasLines { get; }

    public ulong LineOffset { get; }

    /// <summary>Reads the unit entry; null when the unit cannot be used.</summary>
    public static DwarfUnit? Open(
        DwarfSections sections, ParseLimits limits, WorkBudget budget, AbbrevCache abbrevs, Section section, ulong offset,
        bool inTypes, FaultLog faults)
    {
        if (!budget.HasEntries)
        {
            faults.Add(new ParseFault(MalformedReason.StepsOverLimit, section.Range.Offset + (long)offset), "unit");
            return null;
        }

        var reader = section.ReaderAt(offset, sections.BigEndian);
        var header = UnitHeader.Read(ref reader, offset, inTypes);
        if (!reader.Fault.IsNone || header.Length > int.MaxValue)
        {
            long at = section.Range.Offset + (long)offset;
            faults.Add(reader.Fault.IsNone ? new ParseFault(MalformedReason.SizeOverLimit, at) : reader.Fault, "unit header");
            return null;
        }

        var table = abbrevs.Get(header.AbbrevOffset, header.Encoding);
        if (table is null)
        {
            return null;
        }

        reader = ReaderAt(sections, section, header, header.FirstEntry);
        ulong code = reader.ReadUleb128();
        if (code == 0 || !table.TryGet(code, out var abbrev))
        {
            if (code != 0)
            {
                reader.Fail(MalformedReason.UnknownForm);
                faults.Add(reader.Fault, "unit entry");
            }

            return null; // a unit without entries is sound
        }

        table.Read(ref reader, abbrev, out var values);
        budget.TakeEntries(reader.Position);
        if (!reader.Fault.IsNone)
        {
            faults.Add(reader.Fault, "unit entry");
            return null;
        }

        return new DwarfUnit(
            sections, limits, budget, section, header, table, abbrev.Kind == EntryKind.Unit ? abbrev.Tag : default,
            abbrev.Kind == EntryKind.Unit ? values : default);
    }

    /// <summary>A cursor over the unit; positions count from its header. Outside of it the cursor faults.</summary>
    public ByteReader ReaderAt(int position) => ReaderAt(_sections, Section, Header, position);

    /// <summary>Resolves an address or an index of one.</summary>
    public bool TryGetAddress(in AttributeValue value, out ulong address)
    {
        switch (value.Kind)
        {
            case ValueKind.Address:
                address = value.Number;
                return true;
            case ValueKind.AddressIndex:
                return TryGetIndexedAddress(value.Number, out address);
            case ValueKind.AddressIndexAndOffset:
                bool found = TryGetIndexedAddress(value.Number & uint.MaxValue, out address);
                address = Encoding.Add(address, value.Number >> 32);
                return found;
            default:
                address = 0;
                return false;
        }
    }

    /// <summary>An address of the unit's part of <c>.debug_addr</c>.</summary>
    public bool TryGetIndexedAddress(ulong index, out ulong address)
    {
        if (!TryIndex(_addrBase, index, Encoding.AddressSize, out ulong offset))
        {
            address = 0;
            return false;
        }

        var reader = _sections.Addr.ReaderAt(offset, _sections.BigEndian);
        address = Encoding.ReadAddress(ref reader);
        return reader.Fault.IsNone;
    }

    /// <summary>
    /// Resolves a text in whichever section it lies; empty when it has none that can be read, also when it lies in a
    /// supplementary file.
    /// </summary>
    /// <param name="value">The attribute.</param>
    /// <param name="window">What was being read when the attribute was, for texts that stand in place.</param>
    public ReadOnlySpan<byte> GetText(in AttributeValue value, ReadOnlySpan<byte> window)
    {
        switch (value.Kind)
        {
            case ValueKind.TextAt:
                return Text(value.Number < (ulong)window.Length ? window[(int)value.Number..] : default);
            case ValueKind.TextOffset:
                return Text(_sections.Str.From(value.Number));
            case ValueKind.LineTextOffset:
                return Text(_sections.LineStr.From(value.Number));
            case ValueKind.TextIndex when TryIndex(_strOffsetsBase, value.Number, Encoding.OffsetSize, out ulong at):
                var reader = _sections.StrOffsets.ReaderAt(at, _sections.BigEndian);
                ulong offset = Encoding.ReadOffset(ref reader);
                return reader.Fault.IsNone ? Text(_sections.Str.From(offset)) : default;
            default:
                return default;
        }
    }

    /// <summary>A text of this unit's entries.</summary>
    public ReadOnlySpan<byte> GetText(in AttributeValue value) => GetText(value, Window);

    private ReadOnlySpan<byte> Window =>
        Section.TryWindow(Header.Offset, Header.Length, out var window) ? window : default;

    private static ByteReader ReaderAt(DwarfSections sections, Section section, scoped in UnitHeader header, int position)
    {
        section.TryWindow(header.Offset, header.Length, out var window);
        var reader = new ByteReader(window, sections.BigEndian, section.Range.Offset + (long)header.Offset);
        reader.Seek((ulong)position);
        return reader;
    }

    private static bool TryIndex(ulong start, ulong index, int size, out ulong offset)
    {
        // Half of the range each: neither the product nor the sum can wrap.
        offset = 0;
        if (index > long.MaxValue / 16 || start > long.MaxValue)
        {
            return false;
        }

        offset = start + (index * (ulong)size);
        return true;
    }

    /// <summary>Bytes to the NUL; a longer text than allowed is cut, one without an end is none.</summary>
    private ReadOnlySpan<byte> Text(ReadOnlySpan<byte> bytes)
    {
        if (!_budget.HasTexts)
        {
            return default;
        }

        bool isLong = bytes.Length > _limits.StringBytes;
        bytes = isLong ? bytes[.._limits.StringBytes] : bytes;
        int end = bytes.IndexOf((byte)0);
        _budget.TakeTexts(end < 0 ? bytes.Length : end);
        if (end < 0)
        {
            return isLong ? bytes : default;
        }

        return bytes[..end];
    }
}
