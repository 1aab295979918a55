using Symbolicator.Formats.Breakpad.Cfi;
using Symbolicator.Formats.Breakpad.Windows;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad;

/// <summary>STACK CFI and STACK WIN records of one file. Where both cover an address, STACK WIN holds: it comes from the linker.</summary>
internal sealed class BreakpadUnwindTable : IUnwindTable
{
    private readonly CfiTable _cfi;
    private readonly WindowsFrameTable _windows;
    private readonly CpuProfile? _cpu;

    private BreakpadUnwindTable(CfiTable cfi, WindowsFrameTable windows, CpuProfile? cpu)
    {
        _cfi = cfi;
        _windows = windows;
        _cpu = cpu;
    }

    public bool IsEmpty => _cfi.IsEmpty && _windows.IsEmpty;

    public CpuFamily Cpu => _cpu?.Family ?? CpuFamily.Unknown;

    public long EstimatedBytes => _cfi.EstimatedBytes + _windows.EstimatedBytes;

    /// <summary>One pass over the lines from the first STACK record on.</summary>
    public static BreakpadUnwindTable Build(FileBytes file, long firstStack, CpuProfile? cpu, ParseLimits limits, FaultLog faults)
    {
        var cfi = new CfiTableBuilder(limits, faults);
        var frameData = new List<NestedRanges.Entry>();
        var fpo = new List<NestedRanges.Entry>();
        var lines = new BreakpadLines(file, firstStack);
        while (lines.TryReadNext(out var line, out long offset))
        {
            if (line.StartsWith("STACK CFI "u8))
            {
                cfi.Add(line, offset);
                continue;
            }

            cfi.Interrupt();
            if (!line.StartsWith("STACK "u8))
            {
                continue;
            }

            if (!WindowsFrameLine.TryParse(line, out var record) || frameData.Count + fpo.Count >= limits.UnwindEntries)
            {
                faults.Add(new ParseFault(MalformedReason.BadValue, offset), "STACK record");
                continue;
            }

            var entry = new NestedRanges.Entry(record.Start, BreakpadRecord.EndOf(record.Start, record.Size), offset);
            if (record.Type == WindowsFrameRecord.FrameData)
            {
                frameData.Add(entry);
            }
            else if (record.Type == WindowsFrameRecord.Fpo)
            {
                fpo.Add(entry);
            }
        }

        var windows = new WindowsFrameTable(file, limits, NestedRanges.Build(frameData), NestedRanges.Build(fpo));
        return new BreakpadUnwindTable(cfi.Build(file, firstStack), windows, cpu);
    }

    public bool Covers(ulong rva) => _windows.Covers(rva) || _cfi.Covers(rva);

    public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        if (_cpu is null)
        {
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        return _cpu.Family == CpuFamily.X86 && _windows.Covers(frame.LookupRva)
            ? _windows.Step(_cpu, frame, callee, memory, out caller)
            : _cfi.Step(_cpu, frame.LookupRva, callee, memory, out caller);
    }

    public UnwindDescription? Describe(ulong rva) => _windows.Describe(rva) ?? _cfi.Describe(rva);
}
