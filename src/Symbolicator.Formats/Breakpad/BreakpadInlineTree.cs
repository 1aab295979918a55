using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad;

/// <summary>
/// The INLINE records of one function. A record states its depth and ranges but not its parent, which follows from
/// the addresses: so each range becomes a site of its own below the range that contains it.
/// </summary>
internal sealed class BreakpadInlineTree(ParseLimits limits)
{
    // Ranges of all inlined calls of one function; the largest functions have some ten thousand.
    private const int MaxPieces = 1 << 20;

    private readonly List<Piece> _pieces = [];
    private readonly List<Piece> _open = [];

    public void Clear() => _pieces.Clear();

    /// <summary>False when the record or a range of it is malformed; ranges before that are kept.</summary>
    public bool TryAdd(in InlineRecord record, StringRef function, FileRef callFile)
    {
        var tokens = new FieldReader(record.Ranges);
        for (int count = 0; !tokens.AtEnd; count++)
        {
            if (count == limits.RangesPerEntry || _pieces.Count == MaxPieces
                || !tokens.TryHex(out ulong address) || !tokens.TryHex(out ulong size))
            {
                return false;
            }

            if (size > 0)
            {
                ulong end = BreakpadRecord.EndOf(address, size);
                _pieces.Add(new Piece(address, end, record.Depth, function, callFile, record.CallLine));
            }
        }

        return true;
    }

    /// <summary>Adds the sites in pre-order, each within its parent and within the function.</summary>
    public void Emit(ulong start, ulong end, FunctionBuffer into)
    {
        // Parents first: they start earlier, or at the same address with a smaller depth.
        _pieces.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Depth.CompareTo(b.Depth));
        _open.Clear();
        foreach (ref readonly var piece in CollectionsMarshal.AsSpan(_pieces))
        {
            while (_open.Count > 0 && (_open[^1].End <= piece.Start || _open[^1].Depth >= piece.Depth))
            {
                _open.RemoveAt(_open.Count - 1);
            }

            ulong from = Math.Max(piece.Start, start);
            ulong to = Math.Min(piece.End, _open.Count > 0 ? _open[^1].End : end);
            if (from >= to || _open.Count > limits.InlineDepth)
            {
                continue;
            }

            into.Inlines.Add(new InlineSite(
                _open.Count, piece.Function, SourceLanguage.Unknown, piece.CallFile, piece.CallLine, into.InlineRanges.Count, 1));
            into.InlineRanges.Add(new AddressRange(from, to));
            _open.Add(piece with { End = to });
        }
    }

    private readonly record struct Piece(ulong Start, ulong End, uint Depth, StringRef Function, FileRef CallFile, uint CallLine);
}
