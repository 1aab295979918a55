using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad.Windows;

/// <summary>
/// STACK WIN records (i386 on Windows). Records nest: the smallest that contains an address holds, and frame data is
/// preferred to FPO. Only ranges are kept in memory.
/// </summary>
internal sealed class WindowsFrameTable(FileBytes file, ParseLimits limits, NestedRanges frameData, NestedRanges fpo)
{
    public bool IsEmpty => frameData.IsEmpty && fpo.IsEmpty;

    public long EstimatedBytes => frameData.EstimatedBytes + fpo.EstimatedBytes;

    public bool Covers(ulong rva) => Find(rva) >= 0;

    /// <param name="cpu">Must be i386.</param>
    /// <param name="frame">Where the callee executes.</param>
    /// <param name="callee">Its registers.</param>
    /// <param name="memory">The process.</param>
    /// <param name="caller">The result.</param>
    public UnwindResult Step(CpuProfile cpu, in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        long offset = Find(frame.LookupRva);
        if (offset < 0)
        {
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        return TryRead(offset, out var record)
            ? new WindowsFrameStep(cpu, limits, memory, offset).Run(record, frame, callee, out caller)
            : new UnwindResult(UnwindOutcome.Failed, Fault: new ParseFault(MalformedReason.BadValue, offset));
    }

    public UnwindDescription? Describe(ulong rva)
    {
        long offset = Find(rva);
        if (offset < 0 || !TryRead(offset, out var record))
        {
            return null;
        }

        return record.Describe();
    }

    private long Find(ulong rva)
    {
        long offset = frameData.Find(rva);
        return offset >= 0 ? offset : fpo.Find(rva);
    }

    private bool TryRead(long offset, out WindowsFrameRecord record)
    {
        record = default;
        return new BreakpadLines(file, offset).TryReadNext(out var line, out _) && WindowsFrameLine.TryParse(line, out record);
    }
}
