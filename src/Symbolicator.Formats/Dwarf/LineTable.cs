using System.Runtime.InteropServices;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>A row of a line program; the file is an index of its header.</summary>
internal readonly record struct TableRow(ulong Address, uint File, uint Line);

/// <summary>
/// The rows of one unit's line program: sequences that do not overlap, ascending, each with ascending rows. Addresses
/// are relative to the image base. Reused from unit to unit.
/// </summary>
internal sealed class LineTable(CodeFilter code)
{
    /// <summary>Rows for which memory is kept from one unit to the next.</summary>
    private const int KeptCapacity = 1 << 20;

    private readonly List<TableRow> _rows = [];
    private readonly List<Sequence> _sequences = [];
    private int _first;

    public int RowCount => _rows.Count;

    public ReadOnlySpan<TableRow> Rows => CollectionsMarshal.AsSpan(_rows);

    public ReadOnlySpan<Sequence> Sequences => CollectionsMarshal.AsSpan(_sequences);

    public void Clear()
    {
        _rows.Clear();
        _sequences.Clear();
        _first = 0;
        if (_rows.Capacity > KeptCapacity)
        {
            _rows.Capacity = 0;
        }
    }

    /// <summary>
    /// Adds a row to the open sequence. At the same address the last row counts; an address that falls back begins
    /// another sequence.
    /// </summary>
    public void Add(ulong address, uint file, uint line)
    {
        if (_rows.Count > _first)
        {
            ref var last = ref CollectionsMarshal.AsSpan(_rows)[^1];
            if (last.Address == address)
            {
                last = new TableRow(address, file, line);
                return;
            }

            if (last.Address > address)
            {
                EndSequence(0);
            }
        }

        _rows.Add(new TableRow(address, file, line));
    }

    /// <summary>
    /// Ends the open sequence before an address. Rows at that address have no bytes; after an address that makes no
    /// sense, such as 0 for a missing end, the last row has one.
    /// </summary>
    public void EndSequence(ulong end)
    {
        int count = _rows.Count - _first;
        if (count == 0)
        {
            return;
        }

        ulong start = _rows[_first].Address;
        ulong last = _rows[^1].Address;
        ulong size = end >= last ? end - start : unchecked(last + 1 - start);
        if (code.TryClip(start, size, out var kept))
        {
            _sequences.Add(new Sequence(kept, _first, count));
            _first = _rows.Count;
        }
        else
        {
            DropSequence(); // of discarded code
        }
    }

    /// <summary>Forgets the open sequence.</summary>
    public void DropSequence() => CollectionsMarshal.SetCount(_rows, _first);

    /// <summary>Orders the sequences; where two overlap, the one that starts first keeps the place.</summary>
    public void Seal()
    {
        var sequences = CollectionsMarshal.AsSpan(_sequences);
        sequences.Sort(static (a, b) =>
        {
            int order = a.Range.Start.CompareTo(b.Range.Start);
            return order != 0 ? order : a.FirstRow.CompareTo(b.FirstRow);
        });
        int kept = 0;
        ulong taken = 0;
        foreach (var sequence in sequences)
        {
            var range = new AddressRange(Math.Max(sequence.Range.Start, taken), sequence.Range.End);
            if (!range.IsEmpty)
            {
                sequences[kept++] = sequence with { Range = range };
                taken = range.End;
            }
        }

        CollectionsMarshal.SetCount(_sequences, kept);
    }

    /// <summary>
    /// Appends the rows of a range, the first one at its start. Parts without a row get one without file and line.
    /// </summary>
    /// <returns>True when any row of the table was found.</returns>
    public bool CopyRange(in AddressRange range, LineHeader header, List<LineRow> into)
    {
        ulong at = range.Start;
        bool found = false;
        for (int i = FirstSequenceEndingAfter(at); i < _sequences.Count && at < range.End; i++)
        {
            var sequence = _sequences[i];
            if (sequence.Range.Start >= range.End)
            {
                break;
            }

            if (sequence.Range.Start > at)
            {
                into.Add(new LineRow(at, default, 0));
                at = sequence.Range.Start;
            }

            ulong end = Math.Min(range.End, sequence.Range.End);
            CopyRows(sequence, new AddressRange(at, end), header, into);
            found = true;
            at = end;
        }

        if (at < range.End)
        {
            into.Add(new LineRow(at, default, 0));
        }

        return found;
    }

    /// <summary>Index of the row of a sequence that is in effect at an address of its range.</summary>
    public int RowAt(in Sequence sequence, ulong address)
    {
        var rows = Rows.Slice(sequence.FirstRow, sequence.RowCount);
        int low = 0;
        int high = rows.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (rows[middle].Address <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return sequence.FirstRow + Math.Max(low - 1, 0);
    }

    private void CopyRows(in Sequence sequence, in AddressRange part, LineHeader header, List<LineRow> into)
    {
        var rows = Rows[..(sequence.FirstRow + sequence.RowCount)];
        for (int i = RowAt(sequence, part.Start); i < rows.Length && rows[i].Address < part.End; i++)
        {
            ref readonly var row = ref rows[i];
            into.Add(new LineRow(Math.Max(row.Address, part.Start), header.GetFile(row.File), row.Line));
        }
    }

    private int FirstSequenceEndingAfter(ulong address)
    {
        int low = 0;
        int high = _sequences.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_sequences[middle].Range.End <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}

/// <summary>Rows that follow each other without a gap.</summary>
internal readonly record struct Sequence(AddressRange Range, int FirstRow, int RowCount);
