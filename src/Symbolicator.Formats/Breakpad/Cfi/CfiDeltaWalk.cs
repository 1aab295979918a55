using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Breakpad.Cfi;

/// <summary>A delta of a file whose deltas do not lie behind their INIT records in order.</summary>
internal readonly record struct CfiDeltaEntry(ulong Address, long Offset) : IComparable<CfiDeltaEntry>
{
    public int CompareTo(CfiDeltaEntry other)
    {
        int order = Address.CompareTo(other.Address);
        return order != 0 ? order : Offset.CompareTo(other.Offset);
    }
}

/// <summary>The deltas of one INIT record, ascending, up to and including an address.</summary>
internal ref struct CfiDeltaWalk
{
    /// <summary>Bytes of deltas read for one address; the largest functions have some thousand lines.</summary>
    private const long MaxBytes = 4 << 20;

    private readonly FileBytes _file;
    private readonly CfiDeltaEntry[]? _sorted;
    private readonly ulong _target;
    private BreakpadLines _lines;
    private int _index;
    private long _bytes;

    /// <param name="file">The file.</param>
    /// <param name="sorted">All deltas of the file, or null when they lie in order behind their INIT records.</param>
    /// <param name="behind">Offset of the line after the INIT record.</param>
    /// <param name="start">Address of the INIT record.</param>
    /// <param name="target">Last address wanted.</param>
    public CfiDeltaWalk(FileBytes file, CfiDeltaEntry[]? sorted, long behind, ulong start, ulong target)
    {
        _file = file;
        _sorted = sorted;
        _target = target;
        if (sorted is null)
        {
            _lines = new BreakpadLines(file, behind);
        }
        else
        {
            int found = sorted.AsSpan().BinarySearch(new CfiDeltaEntry(start, 0));
            _index = found < 0 ? ~found : found;
        }
    }

    /// <summary>Set when there is more than may be read.</summary>
    public ParseFault Fault { get; private set; }

    /// <param name="delta">The record.</param>
    /// <param name="offset">Offset in the file of its rules.</param>
    public bool TryNext(out CfiDeltaRecord delta, out long offset)
    {
        delta = default;
        offset = 0;
        ReadOnlySpan<byte> line;
        if (_sorted is null)
        {
            if (!_lines.TryReadNext(out line, out offset))
            {
                return false;
            }
        }
        else
        {
            if (_index == _sorted.Length)
            {
                return false;
            }

            offset = _sorted[_index++].Offset;
            new BreakpadLines(_file, offset).TryReadNext(out line, out _);
        }

        if (!CfiDeltaRecord.TryParse(line, out delta) || delta.Address > _target)
        {
            return false;
        }

        _bytes += line.Length;
        if (_bytes > MaxBytes)
        {
            Fault = new ParseFault(MalformedReason.StepsOverLimit, offset);
            return false;
        }

        offset += line.Length - delta.Rules.Length; // the rules are the rest of the line
        return true;
    }
}
