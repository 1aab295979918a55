using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;

namespace Symbolicator.Formats.Breakpad.Cfi;

/// <summary>Collects the STACK CFI records of one pass over the file.</summary>
internal sealed class CfiTableBuilder(ParseLimits limits, FaultLog faults)
{
    /// <summary>Deltas out of order that are kept for each INIT record allowed; a line is no shorter than what is kept of it.</summary>
    private const long DeltasPerEntry = 4;

    private readonly List<NestedRanges.Entry> _ranges = [];
    private bool _inOrder = true;
    private bool _inBlock;
    private ulong _last;
    private ulong _end;

    /// <summary>Notes that a line which is no STACK CFI record stands between the records.</summary>
    public void Interrupt() => _inBlock = false;

    public void Add(ReadOnlySpan<byte> line, long offset)
    {
        if (CfiInitRecord.TryParse(line, out var init))
        {
            if (_ranges.Count == limits.UnwindEntries)
            {
                Refuse(MalformedReason.CountOverLimit, offset);
                return;
            }

            _ranges.Add(new NestedRanges.Entry(init.Start, init.End, offset));
            _inBlock = true;
            _last = init.Start;
            _end = init.End;
        }
        else if (CfiDeltaRecord.TryParse(line, out var delta))
        {
            _inOrder &= _inBlock && delta.Address >= _last && delta.Address < _end;
            _last = delta.Address;
        }
        else
        {
            Refuse(MalformedReason.BadValue, offset);
        }
    }

    /// <param name="file">The file.</param>
    /// <param name="firstStack">Offset of the first STACK record.</param>
    public CfiTable Build(FileBytes file, long firstStack) =>
        new(file, limits, NestedRanges.Build(_ranges), _inOrder ? null : SortedDeltas(file, firstStack));

    private CfiDeltaEntry[] SortedDeltas(FileBytes file, long firstStack)
    {
        var deltas = new List<CfiDeltaEntry>();
        var lines = new BreakpadLines(file, firstStack);
        while (lines.TryReadNext(out var line, out long offset))
        {
            if (CfiDeltaRecord.TryParse(line, out var delta))
            {
                if (deltas.Count >= DeltasPerEntry * limits.UnwindEntries)
                {
                    faults.Add(new ParseFault(MalformedReason.CountOverLimit, offset), "STACK CFI records");
                    break;
                }

                deltas.Add(new CfiDeltaEntry(delta.Address, offset));
            }
        }

        deltas.Sort();
        return [.. deltas];
    }

    private void Refuse(MalformedReason reason, long offset)
    {
        _inBlock = false;
        faults.Add(new ParseFault(reason, offset), "STACK CFI record");
    }
}
