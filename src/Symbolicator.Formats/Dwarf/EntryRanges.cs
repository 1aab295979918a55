using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Code ranges of functions and inlined calls: low and high pc, <c>.debug_ranges</c> (DWARF4 §2.17.3) and
/// <c>.debug_rnglists</c> (DWARF5 §2.17.3). Discarded code is left out.
/// </summary>
internal sealed class EntryRanges(
    DwarfSections sections, CodeFilter code, ParseLimits limits, WorkBudget budget, FaultLog faults)
{
    /// <summary>Appends the ranges of an entry, ascending and disjoint, relative to the image base.</summary>
    public void Read(DwarfUnit unit, in EntryAttributes values, List<AddressRange> into)
    {
        int first = into.Count;
        if (values[Slot.HighPc].IsPresent)
        {
            ReadPair(unit, values[Slot.LowPc], values[Slot.HighPc], into);
            return;
        }

        var ranges = values[Slot.Ranges];
        if (!ranges.IsPresent || !TryGetList(unit, ranges, out var reader))
        {
            return;
        }

        if (unit.Encoding.Version >= 5)
        {
            ReadList(unit, ref reader, into);
        }
        else
        {
            ReadOldList(unit, ref reader, into);
        }

        if (!reader.Fault.IsNone)
        {
            faults.Add(reader.Fault, "ranges");
        }

        if (into.Count - first > 1)
        {
            RangeMath.SortAndMerge(into, first);
        }
    }

    private void ReadPair(DwarfUnit unit, in AttributeValue low, in AttributeValue high, List<AddressRange> into)
    {
        if (!unit.TryGetAddress(low, out ulong start))
        {
            return;
        }

        if (!unit.TryGetAddress(high, out ulong end))
        {
            if (!high.TryGetConstant(out ulong size))
            {
                return;
            }

            end = unit.Encoding.Add(start, size);
        }

        Keep(unit, start, end, into);
    }

    private bool TryGetList(DwarfUnit unit, in AttributeValue ranges, out ByteReader reader)
    {
        reader = default;
        bool isNew = unit.Encoding.Version >= 5;
        var section = isNew ? sections.RngLists : sections.Ranges;
        if (!ranges.TryGetConstant(out ulong offset))
        {
            if (ranges.Kind != ValueKind.RangeListIndex || !TryIndex(unit, ranges.Number, out offset))
            {
                return false;
            }
        }

        if (!budget.HasRanges)
        {
            return false;
        }

        reader = section.ReaderAt(offset, sections.BigEndian);
        return true;
    }

    /// <summary>The table behind a header of .debug_rnglists holds offsets from its own start (DWARF5 §7.28).</summary>
    private bool TryIndex(DwarfUnit unit, ulong index, out ulong offset)
    {
        offset = 0;
        ulong start = unit.RngListsBase;
        if (index > uint.MaxValue || start > (ulong)sections.RngLists.Length)
        {
            return false;
        }

        var reader = sections.RngLists.ReaderAt(start + (index * (ulong)unit.Encoding.OffsetSize), sections.BigEndian);
        ulong relative = unit.Encoding.ReadOffset(ref reader);
        if (!reader.Fault.IsNone || relative > (ulong)sections.RngLists.Length)
        {
            return false;
        }

        offset = start + relative;
        return true;
    }

    private void ReadOldList(DwarfUnit unit, ref ByteReader reader, List<AddressRange> into)
    {
        var encoding = unit.Encoding;
        ulong start = unit.LowPc;
        for (int count = 0; !reader.AtEnd && TakeEntry(ref reader, count); count++)
        {
            ulong from = encoding.ReadAddress(ref reader);
            ulong to = encoding.ReadAddress(ref reader);
            if (!reader.Fault.IsNone || (from == 0 && to == 0))
            {
                break;
            }

            if (from == encoding.AddressMask)
            {
                start = to;
            }
            else if (!encoding.IsMaximum(from) && !encoding.IsMaximum(start))
            {
                Keep(unit, encoding.Add(start, from), encoding.Add(start, to), into);
            }
        }
    }

    private void ReadList(DwarfUnit unit, ref ByteReader reader, List<AddressRange> into)
    {
        var encoding = unit.Encoding;
        ulong start = unit.LowPc;
        bool isBaseKnown = true;
        for (int count = 0; !reader.AtEnd && TakeEntry(ref reader, count); count++)
        {
            ulong from = 0;
            ulong to = 0;
            bool found = true;
            switch ((DwRle)reader.ReadU8())
            {
                case DwRle.EndOfList:
                    return;
                case DwRle.BaseAddressx:
                    isBaseKnown = unit.TryGetIndexedAddress(reader.ReadUleb128(), out start);
                    continue;
                case DwRle.BaseAddress:
                    start = encoding.ReadAddress(ref reader);
                    isBaseKnown = true;
                    continue;
                case DwRle.StartxEndx:
                    found = unit.TryGetIndexedAddress(reader.ReadUleb128(), out from);
                    found &= unit.TryGetIndexedAddress(reader.ReadUleb128(), out to);
                    break;
                case DwRle.StartxLength:
                    found = unit.TryGetIndexedAddress(reader.ReadUleb128(), out from);
                    to = encoding.Add(from, reader.ReadUleb128());
                    break;
                case DwRle.OffsetPair:
                    from = encoding.Add(start, reader.ReadUleb128());
                    to = encoding.Add(start, reader.ReadUleb128());
                    found = isBaseKnown && !encoding.IsMaximum(start);
                    break;
                case DwRle.StartEnd:
                    from = encoding.ReadAddress(ref reader);
                    to = encoding.ReadAddress(ref reader);
                    break;
                case DwRle.StartLength:
                    from = encoding.ReadAddress(ref reader);
                    to = encoding.Add(from, reader.ReadUleb128());
                    break;
                default:
                    reader.Fail(MalformedReason.UnknownForm);
                    return;
            }

            if (found && reader.Fault.IsNone)
            {
                Keep(unit, from, to, into);
            }
        }
    }

    private bool TakeEntry(ref ByteReader reader, int count)
    {
        budget.TakeRange();
        if (count < limits.RangesPerEntry && budget.HasRanges)
        {
            return true;
        }

        reader.Fail(budget.HasRanges ? MalformedReason.CountOverLimit : MalformedReason.StepsOverLimit);
        return false;
    }

    private void Keep(DwarfUnit unit, ulong start, ulong end, List<AddressRange> into)
    {
        if (code.TryKeep(start, end, unit.Encoding, out var kept))
        {
            into.Add(kept);
        }
    }
}
