using System.Text;
using Symbolicator.Formats.Core;
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
    /// <param name="rva">Address of the callee.</param>
    /// <param name="calleeParams">Bytes of parameters that the frame below was called with: they lie on this frame's stack.</param>
    /// <param name="callee">Its registers.</param>
    /// <param name="memory">The stack.</param>
    /// <param name="caller">The result.</param>
    public UnwindResult Step(
        CpuProfile cpu, ulong rva, uint calleeParams, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        long offset = Find(rva);
        if (offset < 0)
        {
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        if (!TryRead(offset, out var record) || !callee.TryGet(cpu.StackPointer, out ulong stack))
        {
            return Failed(MalformedReason.BadValue, offset);
        }

        // What the frame has pushed besides the return address; 32-bit stacks wrap.
        ulong frame = (ulong)calleeParams + record.Locals + record.SavedRegs;
        ulong returnSlot = unchecked(stack + frame) & cpu.AddressMask;
        return record.Type == WindowsFrameRecord.FrameData
            ? RunProgram(cpu, record, offset, calleeParams, returnSlot, callee, memory, out caller)
            : StepFpo(cpu, record, offset, calleeParams, returnSlot, callee, memory, out caller);
    }

    public UnwindDescription? Describe(ulong rva)
    {
        long offset = Find(rva);
        if (offset < 0 || !TryRead(offset, out var record))
        {
            return null;
        }

        string? program = record.Program.IsEmpty ? null : Encoding.UTF8.GetString(record.Program);
        var windows = new WindowsFrameDescription(
            record.Type, record.Start, record.Size, record.Prolog, record.Epilog, record.Params, record.SavedRegs,
            record.Locals, record.MaxStack, program is not null, program, record.UsesBasePointer);
        return new UnwindDescription(record.Start, record.Size, new Dictionary<string, string>(), [], windows);
    }

    private UnwindResult RunProgram(
        CpuProfile cpu, in WindowsFrameRecord record, long offset, uint calleeParams, ulong returnSlot,
        in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;

        // An aligned frame has an unknown size; its return address lies above the saved base pointer.
        bool aligned = record.Program.Contains((byte)'@');
        ulong search = aligned && callee.TryGet(cpu.FramePointer, out ulong basePointer)
            ? unchecked(basePointer + (ulong)cpu.PointerSize) & cpu.AddressMask
            : returnSlot;
        var scope = new WindowsFrameScope(cpu, callee, record, calleeParams, search);
        var outcome = PostfixMachine.Run(record.Program, ref scope, memory, cpu, limits, out _);
        if (outcome != PostfixOutcome.Done)
        {
            return Failed(outcome == PostfixOutcome.Unavailable ? MalformedReason.OutOfRange : MalformedReason.BadValue, offset);
        }

        if (!scope.IsAssigned(cpu.ProgramCounter) || !scope.IsAssigned(cpu.StackPointer))
        {
            return Failed(MalformedReason.BadValue, offset);
        }

        for (int register = 0; register <= cpu.ProgramCounter; register++)
        {
            bool survives = scope.IsAssigned(register) || (cpu.CalleeSaved >> register & 1) != 0;
            if (survives && scope.TryGet(register, out ulong value))
            {
                caller.Set(register, value);
            }
        }

        return new UnwindResult(UnwindOutcome.Stepped, ParameterBytes: record.Params);
    }

    private static UnwindResult StepFpo(
        CpuProfile cpu, in WindowsFrameRecord record, long offset, uint calleeParams, ulong returnSlot,
        in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        if (!memory.TryReadUnsigned(returnSlot, cpu.PointerSize, out ulong returnAddress))
        {
            return Failed(MalformedReason.OutOfRange, offset);
        }

        if (record.UsesBasePointer)
        {
            // The base pointer is pushed first, so it lies below the return address by the other saved registers.
            ulong slot = unchecked(callee.GetOrZero(cpu.StackPointer) + calleeParams + record.SavedRegs - 8) & cpu.AddressMask;
            if (!memory.TryReadUnsigned(slot, cpu.PointerSize, out ulong basePointer))
            {
                return Failed(MalformedReason.OutOfRange, offset);
            }

            caller.Set(cpu.FramePointer, basePointer);
        }
        else if (callee.TryGet(cpu.FramePointer, out ulong basePointer))
        {
            caller.Set(cpu.FramePointer, basePointer);
        }

        if (record.SavedRegs == 0)
        {
            // Which registers were saved is not recorded: they are known only when none was.
            for (int register = 0; register < cpu.ProgramCounter; register++)
            {
                if (register != cpu.FramePointer && (cpu.CalleeSaved >> register & 1) != 0 && callee.TryGet(register, out ulong kept))
                {
                    caller.Set(register, kept);
                }
            }
        }

        caller.Set(cpu.ProgramCounter, returnAddress);
        caller.Set(cpu.StackPointer, unchecked(returnSlot + (ulong)cpu.PointerSize) & cpu.AddressMask);
        return new UnwindResult(UnwindOutcome.Stepped, ParameterBytes: record.Params);
    }

    private long Find(ulong rva)
    {
        long offset = frameData.Find(rva);
        return offset >= 0 ? offset : fpo.Find(rva);
    }

    private bool TryRead(long offset, out WindowsFrameRecord record)
    {
        record = default;
        return new BreakpadLines(file, offset).TryReadNext(out var line, out _) && WindowsFrameRecord.TryParse(line, out record);
    }

    private static UnwindResult Failed(MalformedReason reason, long offset) =>
        new(UnwindOutcome.Failed, Fault: new ParseFault(reason, offset));
}
