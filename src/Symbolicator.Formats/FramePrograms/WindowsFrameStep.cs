using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.FramePrograms;

/// <summary>Executes a frame record.</summary>
/// <param name="cpu">Must be i386.</param>
/// <param name="limits">Bounds on programs.</param>
/// <param name="memory">The process.</param>
/// <param name="faultOffset">Where the record lies in the file.</param>
/// <param name="functions">Knows functions; null when nobody does.</param>
internal readonly ref struct WindowsFrameStep(
    CpuProfile cpu, ParseLimits limits, IMemoryView memory, long faultOffset, IFunctionStarts? functions = null)
{
    // What a frame may have pushed for a call that it has not made yet, in words.
    private const int SearchedWords = 32;

    /// <summary>Computes the caller.</summary>
    /// <param name="record">Covers the address.</param>
    /// <param name="frame">Where the callee executes.</param>
    /// <param name="callee">Its registers.</param>
    /// <param name="caller">The result.</param>
    public UnwindResult Run(in WindowsFrameRecord record, in UnwindFrame frame, in RegisterState callee, out RegisterState caller)
    {
        caller = default;
        ulong lookup = unchecked(frame.LoadAddress + frame.LookupRva) & cpu.AddressMask;
        bool isInterrupted = callee.TryGet(cpu.ProgramCounter, out ulong pc) && pc == lookup;
        if (!isInterrupted)
        {
            return Apply(record, frame, callee, out caller);
        }

        if (X86FrameEdges.TryRunEpilog(cpu, frame, callee, memory, functions, out caller))
        {
            return new UnwindResult(UnwindOutcome.Stepped, ParameterBytes: record.Params);
        }

        // The record holds at one place; the code from there on may have pushed more.
        bool inProlog = frame.LookupRva - record.Start < record.Prolog;
        ulong start = unchecked(frame.LoadAddress + record.Start + (inProlog || HoldsAtStart(record) ? 0 : record.Prolog)) & cpu.AddressMask;
        if (!X86FrameEdges.TryUndo(cpu, start, callee, memory, out var before))
        {
            return Apply(record, frame, callee, out caller);
        }

        if (inProlog && (record.StartsFunction || record.Type == WindowsFrameRecord.Fpo || X86FrameEdges.StartsByHeadingFrame(memory, start)))
        {
            return X86FrameEdges.TryReturn(cpu, before, memory, out caller)
                ? new UnwindResult(UnwindOutcome.Stepped, ParameterBytes: record.Params)
                : Failed(MalformedReason.OutOfRange);
        }

        return Apply(record, frame, IsBasedOnBasePointer(record) ? callee : before, out caller);
    }

    private UnwindResult Apply(in WindowsFrameRecord record, in UnwindFrame frame, in RegisterState callee, out RegisterState caller)
    {
        caller = default;
        if (!callee.TryGet(cpu.StackPointer, out ulong stack))
        {
            return Failed(MalformedReason.BadValue);
        }

        // What the frame has pushed besides the return address; 32-bit stacks wrap.
        ulong pushed = (ulong)frame.CalleeParameterBytes + record.Locals + record.SavedRegs;
        ulong returnSlot = Search(unchecked(stack + pushed) & cpu.AddressMask, frame.Returns);
        return record.Type switch
        {
            WindowsFrameRecord.FrameData => RunProgram(record, frame, returnSlot, callee, out caller),
            WindowsFrameRecord.BasePointer => StepByBasePointer(record, callee, out caller),
            _ => StepFpo(record, frame, returnSlot, callee, out caller),
        };
    }

    /// <summary>
    /// The return address lies where the record says, or higher where the frame has pushed parameters for a call that it
    /// has not made yet. Without a word that can be one it is taken to be where the record says.
    /// </summary>
    private ulong Search(ulong start, IReturnAddresses? returns)
    {
        for (int i = 0; i < SearchedWords && returns is not null; i++)
        {
            ulong slot = unchecked(start + (ulong)(i * cpu.PointerSize)) & cpu.AddressMask;
            if (!memory.TryReadUnsigned(slot, cpu.PointerSize, out ulong word))
            {
                break;
            }

            if (returns.CanReturnTo(word))
            {
                return slot;
            }
        }

        return start;
    }

    /// <summary>
    /// A linker that has a record for each step of a prologue states what was pushed before it. One that has a single record
    /// for a function states what the whole prologue pushes.
    /// </summary>
    private static bool HoldsAtStart(in WindowsFrameRecord record) =>
        record.Type == WindowsFrameRecord.FrameData && !(record.StartsFunction && record.Locals + (ulong)record.SavedRegs > 0);

    /// <summary>The caller follows from the base pointer, not from the stack pointer.</summary>
    private static bool IsBasedOnBasePointer(in WindowsFrameRecord record) =>
        record.Type == WindowsFrameRecord.BasePointer
        || (record.Type == WindowsFrameRecord.FrameData
            && (record.Program.Contains((byte)'@') || record.Program.IndexOf(".raSearch"u8) < 0));

    private UnwindResult RunProgram(
        in WindowsFrameRecord record, in UnwindFrame frame, ulong returnSlot, in RegisterState callee, out RegisterState caller)
    {
        caller = default;

        // An aligned frame has an unknown size; its return address lies above the saved base pointer.
        bool aligned = record.Program.Contains((byte)'@');
        ulong search = aligned && callee.TryGet(cpu.FramePointer, out ulong basePointer)
            ? unchecked(basePointer + (ulong)cpu.PointerSize) & cpu.AddressMask
            : returnSlot;
        var scope = new WindowsFrameScope(cpu, callee, record, frame.CalleeParameterBytes, search);
        var outcome = PostfixMachine.Run(record.Program, ref scope, memory, cpu, limits, out _);
        if (outcome != PostfixOutcome.Done)
        {
            return Failed(outcome == PostfixOutcome.Unavailable ? MalformedReason.OutOfRange : MalformedReason.BadValue);
        }

        if (!scope.IsAssigned(cpu.ProgramCounter) || !scope.IsAssigned(cpu.StackPointer))
        {
            return Failed(MalformedReason.BadValue);
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

    private UnwindResult StepFpo(
        in WindowsFrameRecord record, in UnwindFrame frame, ulong returnSlot, in RegisterState callee, out RegisterState caller)
    {
        caller = default;
        if (!memory.TryReadUnsigned(returnSlot, cpu.PointerSize, out ulong returnAddress))
        {
            return Failed(MalformedReason.OutOfRange);
        }

        if (record.UsesBasePointer)
        {
            // The base pointer is pushed first, so it lies below the return address by the other saved registers.
            ulong slot = unchecked(returnSlot - record.Locals - 8) & cpu.AddressMask;
            if (!memory.TryReadUnsigned(slot, cpu.PointerSize, out ulong basePointer))
            {
                return Failed(MalformedReason.OutOfRange);
            }

            caller.Set(cpu.FramePointer, basePointer);
        }
        else if (callee.TryGet(cpu.FramePointer, out ulong basePointer))
        {
            caller.Set(cpu.FramePointer, basePointer);
        }

        KeepRegisters(record, callee, ref caller);
        caller.Set(cpu.ProgramCounter, returnAddress);
        caller.Set(cpu.StackPointer, unchecked(returnSlot + (ulong)cpu.PointerSize) & cpu.AddressMask);
        return new UnwindResult(UnwindOutcome.Stepped, ParameterBytes: record.Params);
    }

    private UnwindResult StepByBasePointer(in WindowsFrameRecord record, in RegisterState callee, out RegisterState caller)
    {
        caller = default;
        ulong slot = 0;
        if (!callee.TryGet(cpu.FramePointer, out ulong head)
            || !memory.TryReadUnsigned(head, cpu.PointerSize, out ulong basePointer)
            || !memory.TryReadUnsigned(slot = unchecked(head + (ulong)cpu.PointerSize) & cpu.AddressMask, cpu.PointerSize, out ulong returnAddress))
        {
            return Failed(MalformedReason.OutOfRange);
        }

        KeepRegisters(record, callee, ref caller);
        caller.Set(cpu.FramePointer, basePointer);
        caller.Set(cpu.ProgramCounter, returnAddress);
        caller.Set(cpu.StackPointer, unchecked(slot + (ulong)cpu.PointerSize) & cpu.AddressMask);
        return new UnwindResult(UnwindOutcome.Stepped, ParameterBytes: record.Params);
    }

    /// <summary>Which registers were saved is not recorded without a program: they are known only when none was.</summary>
    private void KeepRegisters(in WindowsFrameRecord record, in RegisterState callee, ref RegisterState caller)
    {
        for (int register = 0; record.SavedRegs == 0 && register < cpu.ProgramCounter; register++)
        {
            if (register != cpu.FramePointer && (cpu.CalleeSaved >> register & 1) != 0 && callee.TryGet(register, out ulong kept))
            {
                caller.Set(register, kept);
            }
        }
    }

    private UnwindResult Failed(MalformedReason reason) => new(UnwindOutcome.Failed, Fault: new ParseFault(reason, faultOffset));
}
