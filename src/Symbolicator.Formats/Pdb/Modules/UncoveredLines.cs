using System.Runtime.InteropServices;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Lines of a module outside of its procedures: assembler code. What a row that begins in a procedure covers behind its
/// end is not meant by it.
/// </summary>
internal sealed class UncoveredLines
{
    private readonly List<AddressRange> _covered = [];
    private readonly OpenProcedure _code = new();
    private int _stretch;
    private ulong _from;
    private bool _isSealed;

    public void Clear()
    {
        _covered.Clear();
        _stretch = 0;
        _from = 0;
        _isSealed = false;
    }

    /// <summary>Takes the code of a procedure; all of them come before the first <see cref="TryReadNext"/>.</summary>
    public void Cover(List<AddressRange> code) => _covered.AddRange(code);

    /// <summary>The next run of such code, without a name, and its lines; null at the end of the module.</summary>
    public OpenProcedure? TryReadNext(LineIndex index, SourceLanguage language, List<LinePiece> lines)
    {
        if (!_isSealed)
        {
            _isSealed = true;
            RangeMath.SortAndMerge(_covered, 0);
        }

        for (; _stretch < index.StretchCount; _stretch++)
        {
            var stretch = index[_stretch];
            for (ulong at = Math.Max(_from, stretch.Start); at < stretch.End;)
            {
                var gap = GapAt(at, stretch.End);
                at = gap.End;
                lines.Clear();
                index.CopyRange(gap, onlyBegun: true, lines);
                if (lines.Count > 0)
                {
                    _from = at;
                    _code.Clear();
                    _code.Open(default, language, new AddressRange(lines[0].Start, lines[^1].End));
                    return _code;
                }
            }
        }

        return null;
    }

    /// <summary>The first uncovered code from an address on; empty, behind the covered code there, when it is covered.</summary>
    private AddressRange GapAt(ulong address, ulong end)
    {
        var covered = CollectionsMarshal.AsSpan(_covered);
        int index = RangeMath.LastStartingAtOrBefore(covered, address);
        ulong start = index >= 0 && covered[index].Contains(address) ? covered[index].End : address;
        ulong next = index + 1 < covered.Length ? covered[index + 1].Start : ulong.MaxValue;
        return new AddressRange(Math.Min(start, end), Math.Min(next, end));
    }
}
