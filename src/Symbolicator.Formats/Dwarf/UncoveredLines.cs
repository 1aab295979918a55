using System.Runtime.InteropServices;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Rows of a unit's line table that begin outside of its functions: assembler code, and functions without entries.
/// The end of a function's last row, which reaches over the padding behind it, is not one.
/// </summary>
internal sealed class UncoveredLines
{
    private readonly List<AddressRange> _covered = [];
    private int _sequence;
    private int _row;
    private bool _isSealed;

    public void Clear()
    {
        _covered.Clear();
        _sequence = 0;
        _row = 0;
        _isSealed = false;
    }

    /// <summary>Takes ranges of a function; all functions come before the first <see cref="TryReadNext"/>.</summary>
    public void Cover(List<AddressRange> ranges) => _covered.AddRange(ranges);

    /// <summary>Fills the buffer with the next contiguous run of such rows; false when there is none.</summary>
    public bool TryReadNext(LineTable table, LineHeader header, FunctionBuffer into)
    {
        if (!_isSealed)
        {
            _isSealed = true;
            RangeMath.SortAndMerge(_covered, 0);
        }

        for (; _sequence < table.Sequences.Length; _sequence++, _row = 0)
        {
            var sequence = table.Sequences[_sequence];
            if (TryReadRun(table, sequence, header, into))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryReadRun(LineTable table, in Sequence sequence, LineHeader header, FunctionBuffer into)
    {
        var rows = table.Rows.Slice(sequence.FirstRow, sequence.RowCount);
        var covered = CollectionsMarshal.AsSpan(_covered);
        for (; _row < rows.Length; _row++)
        {
            ulong start = Math.Max(rows[_row].Address, sequence.Range.Start);
            ulong rowEnd = _row + 1 < rows.Length ? rows[_row + 1].Address : sequence.Range.End;
            if (start >= sequence.Range.End || rowEnd <= start || IsCovered(covered, start, out ulong nextCovered))
            {
                continue;
            }

            ulong end = Math.Min(nextCovered, sequence.Range.End);
            for (; _row < rows.Length && rows[_row].Address < end; _row++)
            {
                ulong address = Math.Max(rows[_row].Address, start);
                into.Lines.Add(new LineRow(address, header.GetFile(rows[_row].File), rows[_row].Line));
            }

            into.Ranges.Add(new AddressRange(start, end));
            return true;
        }

        return false;
    }

    private static bool IsCovered(ReadOnlySpan<AddressRange> covered, ulong address, out ulong next)
    {
        int index = RangeMath.LastStartingAtOrBefore(covered, address);
        next = index + 1 < covered.Length ? covered[index + 1].Start : ulong.MaxValue;
        return index >= 0 && covered[index].Contains(address);
    }
}
