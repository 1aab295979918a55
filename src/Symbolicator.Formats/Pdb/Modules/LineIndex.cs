using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Where the lines of a module are: stretches of code, each with blocks of rows. Rows themselves stay in the file. Of
/// stretches that overlap (the linker folded equal functions) the first one holds, of those that begin together the
/// longest: armasm states lines of a shorter function at the start of another. Filled by <see cref="C13Lines"/> and
/// <see cref="C11Lines"/>, then sealed.
/// </summary>
internal sealed class LineIndex(LineReader reader, ParseLimits limits)
{
    private readonly List<Stretch> _stretches = [];
    private readonly List<LineBlock> _blocks = [];
    private readonly List<SourceRow> _rows = [];

    /// <summary>Code with lines, ascending and disjoint.</summary>
    public int StretchCount => _stretches.Count;

    public AddressRange this[int stretch] => new(_stretches[stretch].Start, _stretches[stretch].End);

    public void Clear()
    {
        _stretches.Clear();
        _blocks.Clear();
    }

    /// <summary>There are more stretches or blocks than a number.</summary>
    public bool IsFull(long most) => _stretches.Count > most || _blocks.Count > most;

    /// <summary>Begins a stretch of code; its number is what <see cref="Add"/> takes.</summary>
    public int AddStretch(AddressRange code)
    {
        _stretches.Add(new Stretch(code.Start, code.End, _stretches.Count, 0, 0));
        return _stretches.Count - 1;
    }

    /// <summary>Adds a block of rows to a stretch.</summary>
    public void Add(in LineBlock block) => _blocks.Add(block);

    /// <summary>Orders everything; nothing is added afterwards.</summary>
    public void Seal()
    {
        SortBlocks();
        _stretches.Sort();
        int kept = 0;
        ulong end = 0;
        foreach (var stretch in CollectionsMarshal.AsSpan(_stretches))
        {
            ulong start = Math.Max(stretch.Start, end);
            if (start < stretch.End && stretch.BlockCount > 0)
            {
                _stretches[kept++] = stretch with { Start = start };
                end = stretch.End;
            }
        }

        _stretches.RemoveRange(kept, _stretches.Count - kept);
        foreach (var stretch in _stretches)
        {
            SetExtents(CollectionsMarshal.AsSpan(_blocks).Slice(stretch.FirstBlock, stretch.BlockCount), stretch.End);
        }
    }

    /// <summary>Number of the first stretch that ends behind an address.</summary>
    public int FirstEndingAfter(ulong address)
    {
        int low = 0;
        int high = _stretches.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = _stretches[middle].End > address ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <summary>
    /// Appends the lines of an interval: ascending, disjoint, neighbours with the same file and line joined. Code without
    /// a row, also before the first one, is left out.
    /// </summary>
    /// <param name="code">The interval.</param>
    /// <param name="onlyBegun">Leaves out what a row that begins before the interval covers.</param>
    /// <param name="pieces">Takes the lines.</param>
    public void CopyRange(AddressRange code, bool onlyBegun, List<LinePiece> pieces)
    {
        for (int i = FirstEndingAfter(code.Start); i < _stretches.Count && _stretches[i].Start < code.End; i++)
        {
            var part = new AddressRange(Math.Max(code.Start, _stretches[i].Start), Math.Min(code.End, _stretches[i].End));
            if (!TryReadRows(_stretches[i], part))
            {
                return;
            }

            if (pieces.Count + (long)_rows.Count > limits.LineRows)
            {
                reader.FaultTooMany();
                return;
            }

            for (int row = 0; row < _rows.Count; row++)
            {
                ulong start = _rows[row].Address;
                ulong end = Math.Min(row + 1 < _rows.Count ? _rows[row + 1].Address : part.End, part.End);
                if (end <= part.Start || start >= end || (onlyBegun && start < code.Start))
                {
                    continue;
                }

                Append(pieces, new LinePiece(Math.Max(start, part.Start), end, _rows[row].File, _rows[row].Line));
            }
        }
    }

    private static void Append(List<LinePiece> pieces, in LinePiece piece)
    {
        if (pieces.Count > 0)
        {
            var last = pieces[^1];
            if (last.End == piece.Start && last.File == piece.File && last.Line == piece.Line)
            {
                pieces[^1] = last with { End = piece.End };
                return;
            }
        }

        pieces.Add(piece);
    }

    /// <summary>
    /// Rows that begin in a part of a stretch and the one that holds at its start, ascending. False when too much was read
    /// already.
    /// </summary>
    private bool TryReadRows(in Stretch stretch, AddressRange part)
    {
        _rows.Clear();
        var blocks = CollectionsMarshal.AsSpan(_blocks).Slice(stretch.FirstBlock, stretch.BlockCount);
        uint first = SourceAddress.OffsetOf(part.Start);
        uint end = SourceAddress.OffsetOf(part.End);
        int last = 0;
        for (int high = blocks.Length; last < high;)
        {
            int middle = (last + high) >>> 1;
            (last, high) = blocks[middle].First < end ? (middle + 1, high) : (last, middle);
        }

        int begin = last;
        while (begin > 0 && blocks[begin - 1].ReachOfAll > first)
        {
            begin--;
        }

        if (!reader.TryCharge(last - begin + 1))
        {
            return false;
        }

        for (int i = begin; i < last; i++)
        {
            if (blocks[i].Reach > first)
            {
                reader.Read(blocks[i], SourceAddress.SectionOf(part.Start), first, end, _rows);
            }
        }

        if (!IsAscending())
        {
            _rows.Sort();
        }

        return true;
    }

    private bool IsAscending()
    {
        for (int i = 1; i < _rows.Count; i++)
        {
            if (_rows[i].Address < _rows[i - 1].Address)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Brings the blocks of a stretch together, by their first row.</summary>
    private void SortBlocks()
    {
        var blocks = CollectionsMarshal.AsSpan(_blocks);
        for (int i = 1; i < blocks.Length; i++)
        {
            if (blocks[i].CompareTo(blocks[i - 1]) < 0)
            {
                _blocks.Sort();
                break;
            }
        }

        var stretches = CollectionsMarshal.AsSpan(_stretches);
        for (int i = 0; i < blocks.Length;)
        {
            int first = i;
            while (i < blocks.Length && blocks[i].Stretch == blocks[first].Stretch)
            {
                i++;
            }

            ref var stretch = ref stretches[blocks[first].Stretch];
            stretch = stretch with { FirstBlock = first, BlockCount = i - first };
        }
    }

    /// <summary>A block holds to the next one when their rows do not interleave, else to the end of the stretch.</summary>
    private static void SetExtents(Span<LineBlock> blocks, ulong stretchEnd)
    {
        uint reachOfAll = 0;
        for (int i = 0; i < blocks.Length; i++)
        {
            ref var block = ref blocks[i];
            block.Reach = i + 1 < blocks.Length && block.Last <= blocks[i + 1].First
                ? blocks[i + 1].First
                : SourceAddress.OffsetOf(stretchEnd);
            reachOfAll = Math.Max(reachOfAll, block.Reach);
            block.ReachOfAll = reachOfAll;
        }
    }

    /// <param name="Start">Of its code, as <see cref="SourceAddress"/>.</param>
    /// <param name="End">Behind it.</param>
    /// <param name="Order">Of arrival.</param>
    /// <param name="FirstBlock">Its blocks lie one behind the other.</param>
    /// <param name="BlockCount">Number of blocks.</param>
    private readonly record struct Stretch(ulong Start, ulong End, int Order, int FirstBlock, int BlockCount)
        : IComparable<Stretch>
    {
        public int CompareTo(Stretch other)
        {
            int byStart = Start.CompareTo(other.Start);
            int byEnd = byStart != 0 ? byStart : other.End.CompareTo(End);
            return byEnd != 0 ? byEnd : Order.CompareTo(other.Order);
        }
    }
}
