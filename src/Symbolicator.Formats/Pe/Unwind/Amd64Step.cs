using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>One step of unwinding: undoes operations on a copy of the callee's registers.</summary>
internal ref struct Amd64Step
{
    private const int SlotSize = 8;
    private const int MachineFrameStackPointer = 3 * SlotSize; // behind rip, cs and eflags

    private readonly PeImage _image;
    private readonly IMemoryView _memory;
    private RegisterState _registers;
    private ulong _stackPointer;
    private ulong _frameBase;
    private ulong _restored;
    private bool _hasMachineFrame;

    public Amd64Step(PeImage image, IMemoryView memory, in RegisterState callee, ulong stackPointer)
    {
        _image = image;
        _memory = memory;
        _registers = callee;
        _stackPointer = stackPointer;
    }

    public readonly ulong StackPointer => _stackPointer;

    /// <summary>The first thing that could not be done.</summary>
    public ParseFault Fault { get; private set; }

    /// <summary>The frame was entered by an interrupt: the caller did not call.</summary>
    public readonly bool HasMachineFrame => _hasMachineFrame;

    /// <summary>Undoes what of the prologue has been executed, then all of the functions that this is a part of.</summary>
    /// <param name="functions">Where records are found.</param>
    /// <param name="record">Address of the first unwind information.</param>
    /// <param name="offset">Instructions of the function that end up to here have been executed.</param>
    /// <param name="inEpilogue">
    /// Bytes of an epilogue of version 2 that have been executed: it undoes the pushes only, and the first ones are undone
    /// already. Negative outside.
    /// </param>
    public bool TryUndo(Amd64Functions functions, uint record, ulong offset, int inEpilogue)
    {
        for (int links = 0; links <= Amd64Functions.MaxChain; links++)
        {
            if (!Amd64UnwindInfo.TryRead(_image, record, out var info, out var fault))
            {
                return Fail(fault);
            }

            if (links == 0 && !TryFindFrame(info, offset))
            {
                return Fail(MalformedReason.OutOfRange, record);
            }

            if (!(inEpilogue < 0 ? TryUndo(info, record, links == 0 ? offset : ulong.MaxValue) : TryPop(info, record, ref inEpilogue)))
            {
                return false;
            }

            if (!info.IsChained || _hasMachineFrame)
            {
                return true;
            }

            var chained = info.Chained;
            if (!functions.TryResolve(ref chained))
            {
                return Fail(MalformedReason.Cycle, record);
            }

            record = chained.Target;
        }

        return Fail(MalformedReason.Cycle, record);
    }

    /// <summary>Executes the rest of an epilogue.</summary>
    public bool TryExecute(in Amd64Epilogue epilogue, uint record)
    {
        ulong start = _stackPointer;
        if (epilogue.Base >= 0 && !_registers.TryGet(epilogue.Base, out start))
        {
            return Fail(MalformedReason.OutOfRange, record);
        }

        _stackPointer = unchecked(start + (ulong)epilogue.Adjustment);
        for (int i = 0; i < epilogue.PopCount; i++)
        {
            Pop(epilogue.Popped(i));
        }

        return !epilogue.LeavesInterrupt || TryLeaveMachineFrame(hasErrorCode: false, record);
    }

    /// <summary>Pops the return address and hands out the caller's registers; false when it cannot be read.</summary>
    public bool TryReturn(out RegisterState caller)
    {
        caller = _registers;
        for (int register = 0; register < Amd64Registers.Count; register++)
        {
            if (((Amd64Registers.NonVolatile | _restored) >> register & 1) == 0)
            {
                caller.Invalidate(register);
            }
        }

        ulong returnAddress = _registers.GetOrZero(Amd64Registers.ProgramCounter);
        if (!_hasMachineFrame)
        {
            if (!_memory.TryReadUnsigned(_stackPointer, SlotSize, out returnAddress))
            {
                return false;
            }

            _stackPointer = unchecked(_stackPointer + SlotSize);
        }

        caller.Set(Amd64Registers.StackPointer, _stackPointer);
        caller.Set(Amd64Registers.ProgramCounter, returnAddress);
        return true;
    }

    /// <summary>The address that saved registers are counted from: what the frame register holds once it is set, else the stack pointer.</summary>
    private bool TryFindFrame(in Amd64UnwindInfo info, ulong offset)
    {
        _frameBase = _stackPointer;
        if (info.FrameRegister == 0 || !(offset >= info.PrologueSize || info.IsChained || IsFrameSet(info, offset)))
        {
            return true;
        }

        bool known = _registers.TryGet(Amd64Registers.IndexOf(info.FrameRegister), out ulong frame);
        _frameBase = unchecked(frame - info.FrameOffset);
        return known;
    }

    private static bool IsFrameSet(in Amd64UnwindInfo info, ulong offset)
    {
        int slot = 0;
        while (info.TryReadCode(ref slot, out var code, out _))
        {
            if (code.Operation == Amd64Operation.SetFrameRegister)
            {
                return code.Offset <= offset;
            }
        }

        return false;
    }

    private bool TryUndo(in Amd64UnwindInfo info, uint record, ulong offset)
    {
        int slot = 0;
        while (info.TryReadCode(ref slot, out var code, out bool isMalformed) || isMalformed)
        {
            if (isMalformed)
            {
                return Fail(MalformedReason.UnknownForm, record);
            }

            if (code.Offset > offset)
            {
                continue;
            }

            switch (code.Operation)
            {
                case Amd64Operation.PushNonVolatile:
                    Pop(Amd64Registers.IndexOf(code.Info));
                    break;
                case Amd64Operation.AllocateSmall or Amd64Operation.AllocateLarge:
                    _stackPointer = unchecked(_stackPointer + code.Operand);
                    break;
                case Amd64Operation.SetFrameRegister:
                    if (!_registers.TryGet(Amd64Registers.IndexOf(info.FrameRegister), out ulong frame))
                    {
                        return Fail(MalformedReason.OutOfRange, record);
                    }

                    _stackPointer = unchecked(frame - info.FrameOffset);
                    break;
                case Amd64Operation.SaveNonVolatile or Amd64Operation.SaveNonVolatileFar:
                    Restore(Amd64Registers.IndexOf(code.Info), unchecked(_frameBase + code.Operand));
                    break;
                case Amd64Operation.PushMachineFrame:
                    return TryLeaveMachineFrame(code.Info != 0, record);
            }
        }

        return true;
    }

    /// <summary>
    /// Undoes pushes in an epilogue, where the allocation has been undone already. Each pop takes one byte, or two for the
    /// upper registers; an allocation of one slot among them was a push of flags.
    /// </summary>
    private bool TryPop(in Amd64UnwindInfo info, uint record, ref int executed)
    {
        int slot = 0;
        bool popping = false;
        while (info.TryReadCode(ref slot, out var code, out bool isMalformed) || isMalformed)
        {
            if (isMalformed)
            {
                return Fail(MalformedReason.UnknownForm, record);
            }

            popping |= code.Operation == Amd64Operation.PushNonVolatile;
            if (code.Operation == Amd64Operation.PushNonVolatile)
            {
                if (executed <= 0)
                {
                    Pop(Amd64Registers.IndexOf(code.Info));
                }

                executed -= code.Info >= 8 ? 2 : 1;
            }
            else if (code.Operation == Amd64Operation.AllocateSmall && popping)
            {
                if (executed <= 0)
                {
                    _stackPointer = unchecked(_stackPointer + code.Operand);
                }

                executed--;
            }
            else if (code.Operation == Amd64Operation.PushMachineFrame)
            {
                return TryLeaveMachineFrame(code.Info != 0, record);
            }
        }

        executed = Math.Max(0, executed);
        return true;
    }

    private bool TryLeaveMachineFrame(bool hasErrorCode, uint record)
    {
        ulong at = hasErrorCode ? unchecked(_stackPointer + SlotSize) : _stackPointer;
        if (!_memory.TryReadUnsigned(at, SlotSize, out ulong programCounter)
            || !_memory.TryReadUnsigned(unchecked(at + MachineFrameStackPointer), SlotSize, out ulong stackPointer))
        {
            return Fail(MalformedReason.OutOfRange, record);
        }

        _hasMachineFrame = true;
        _stackPointer = stackPointer;
        _registers.Set(Amd64Registers.ProgramCounter, programCounter);
        return true;
    }

    private void Pop(int register)
    {
        Restore(register, _stackPointer);
        _stackPointer = unchecked(_stackPointer + SlotSize);
    }

    /// <summary>A register that cannot be read is unknown; that alone does not end the walk.</summary>
    private void Restore(int register, ulong address)
    {
        if (_memory.TryReadUnsigned(address, SlotSize, out ulong value))
        {
            _registers.Set(register, value);
            _restored |= 1UL << register;
        }
        else
        {
            _registers.Invalidate(register);
        }
    }

    /// <summary>Notes why the step failed; returns false.</summary>
    public bool Fail(MalformedReason reason, uint record) => Fail(new ParseFault(reason, _image.FileOffset(record)));

    private bool Fail(ParseFault fault)
    {
        Fault = Fault.IsNone ? fault : Fault;
        return false;
    }
}
