using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Frames;

/// <summary>
/// Frame data and FPO records of an i386 image, copied to memory: a row per record, each program once. Records nest: the
/// smallest that contains an address holds, and frame data is preferred to FPO.
/// </summary>
internal sealed class PdbFrameTable : IUnwindTable, IFunctionStarts
{
    private readonly PdbFrameRow[] _rows;
    private readonly byte[] _programs;
    private readonly NestedRanges _frameData;
    private readonly NestedRanges _fpo;
    private readonly CpuProfile _cpu;
    private readonly ParseLimits _limits;

    internal PdbFrameTable(PdbFrameRow[] rows, byte[] programs, NestedRanges frameData, NestedRanges fpo, CpuProfile cpu, ParseLimits limits)
    {
        _rows = rows;
        _programs = programs;
        _frameData = frameData;
        _fpo = fpo;
        _cpu = cpu;
        _limits = limits;
    }

    public bool IsEmpty => _rows.Length == 0;

    public CpuFamily Cpu => _cpu.Family;

    public long EstimatedBytes =>
        ((long)_rows.Length * PdbFrameRow.Bytes) + _programs.Length + _frameData.EstimatedBytes + _fpo.EstimatedBytes;

    /// <summary>Null for other CPUs and for files without such records.</summary>
    public static PdbFrameTable? Open(PdbFile file)
    {
        if (file.Dbi is not { } dbi || PdbMachine.ArchOf(dbi.Machine) != Arch.X86 || CpuProfile.For(CpuFamily.X86, windows: true) is not { } cpu)
        {
            return null;
        }

        var table = new PdbFrameTableBuilder(file).Build(cpu);
        return table.IsEmpty ? null : table;
    }

    public bool Covers(ulong rva) => Find(rva) >= 0;

    public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        int index = Find(frame.LookupRva);
        if (index < 0)
        {
            caller = default;
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        return new WindowsFrameStep(_cpu, _limits, memory, _rows[index].FileOffset, this)
            .Run(RecordOf(index), frame, callee, out caller);
    }

    public UnwindDescription? Describe(ulong rva)
    {
        int index = Find(rva);
        return index < 0 ? null : RecordOf(index).Describe();
    }

    public bool IsFunctionStart(ulong rva)
    {
        // Where one record nests in another that starts as well, the inner one is found: it starts the function, too.
        int index = Find(rva);
        return index >= 0 && _rows[index].Start == rva && (_rows[index].Flags & PdbFrameRow.StartsFunction) != 0;
    }

    private int Find(ulong rva)
    {
        long row = _frameData.Find(rva);
        return (int)(row >= 0 ? row : _fpo.Find(rva));
    }

    private WindowsFrameRecord RecordOf(int index)
    {
        ref readonly var row = ref _rows[index];
        return new WindowsFrameRecord
        {
            Type = row.Type,
            Start = row.Start,
            Size = row.Size,
            Prolog = row.Prolog,
            Params = row.Params,
            SavedRegs = row.SavedRegs,
            Locals = row.Locals,
            MaxStack = row.MaxStack,
            Program = _programs.AsSpan(row.Program, row.ProgramLength),
            UsesBasePointer = (row.Flags & PdbFrameRow.UsesBasePointer) != 0,
            StartsFunction = (row.Flags & PdbFrameRow.StartsFunction) != 0,
        };
    }
}
