using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>Undoes unwind codes one by one: registers, stack and program counter become those of the caller.</summary>
internal ref struct Arm64Execution
{
    private const int FramePointer = 29;
    private const int LinkRegister = 30;
    private const int StackPointer = 31;
    private const int ProgramCounter = 32;

    // KTRAP_FRAME of arm64.
    private const uint TrapStackPointer = 0x98;
    private const uint TrapRegisters = 0xa0;
    private const uint TrapLinkRegister = 0x138;
    private const uint TrapFramePointer = 0x140;
    private const uint TrapProgramCounter = 0x148;
    private const int TrapRegisterCount = 19;

    // ARM64_NT_CONTEXT.
    private const uint ContextRegisters = 8;
    private const int ContextRegisterCount = 33;

    // ARM64EC_NT_CONTEXT from the place of Rax on, in the order of the AMD64 context.
    private const uint EcRegisters = 0x78;
    private const uint EcVectors = 0x120;

    private readonly IMemoryView _memory;
    private RegisterState _registers;
    private int _pendingPairs;
    private bool _hasProgramCounter;

    public Arm64Execution(in RegisterState callee, CpuProfile cpu, IMemoryView memory)
    {
        _memory = memory;
        ulong kept = cpu.CalleeSaved | 1UL << LinkRegister | 1UL << StackPointer;
        for (int register = 0; register < StackPointer + 1; register++)
        {
            if ((kept >> register & 1) != 0 && callee.TryGet(register, out ulong value))
            {
                _registers.Set(register, value);
            }
        }
    }

    /// <summary>The caller was interrupted, or says so: no call is before its program counter.</summary>
    public bool IsExact { get; private set; }

    // x8, x0, x1, x27, sp, fp, x25, x26, x2 to x5, x19 to x22, pc.
    private static ReadOnlySpan<byte> EcOrder => [8, 0, 1, 27, 31, 29, 25, 26, 2, 3, 4, 5, 19, 20, 21, 22, 32];

    // In the lower halves of the x87 registers: lr, x6, x7, x9 to x12, x15.
    private static ReadOnlySpan<byte> EcVectorOrder => [30, 6, 7, 9, 10, 11, 12, 15];

    /// <summary>Undoes the codes from a position to their end.</summary>
    public MalformedReason Run(scoped ReadOnlySpan<byte> codes, int at)
    {
        while (at < codes.Length)
        {
            var code = Arm64UnwindCode.Read(codes, at);
            if (_pendingPairs > 0 && code.Operation != Arm64Operation.SaveNext && !code.HasNext(_pendingPairs))
            {
                return MalformedReason.BadValue;
            }

            switch (code.Operation)
            {
                case Arm64Operation.End:
                    return MalformedReason.None;
                case Arm64Operation.Invalid:
                    return MalformedReason.BadValue;
                case Arm64Operation.AllocateVectors:
                    return MalformedReason.Unsupported;
                case Arm64Operation.SaveIntegers:
                    LoadSaved(code);
                    break;
                default:
                    Undo(code);
                    break;
            }

            at += code.Size;
        }

        return _pendingPairs > 0 ? MalformedReason.Truncated : MalformedReason.None;
    }

    /// <summary>The caller: its program counter is what the link register says, unless a machine frame said more.</summary>
    public MalformedReason Finish(out RegisterState caller)
    {
        caller = _registers;
        if (!_hasProgramCounter)
        {
            if (!_registers.TryGet(LinkRegister, out ulong link))
            {
                return MalformedReason.OutOfRange;
            }

            // The call overwrote it.
            caller.Set(ProgramCounter, link);
            caller.Invalidate(LinkRegister);
        }

        return caller.IsValid(StackPointer) && caller.IsValid(ProgramCounter) ? MalformedReason.None : MalformedReason.OutOfRange;
    }

    private void Undo(in Arm64UnwindCode code)
    {
        switch (code.Operation)
        {
            case Arm64Operation.Allocate:
                Raise(code.Adjust);
                break;
            case Arm64Operation.SaveVectors:
                Raise(code.Adjust);
                _pendingPairs = 0;
                break;
            case Arm64Operation.SaveNext:
                _pendingPairs++;
                break;
            case Arm64Operation.SetFramePointer:
                if (_registers.TryGet(FramePointer, out ulong frame))
                {
                    _registers.Set(StackPointer, unchecked(frame - code.Offset));
                }
                else
                {
                    _registers.Invalidate(StackPointer);
                }

                break;
            case Arm64Operation.SignReturnAddress:
                if (_registers.TryGet(LinkRegister, out ulong link))
                {
                    _registers.Set(LinkRegister, WithoutSignature(link));
                }

                break;
            case Arm64Operation.TrapFrame:
                LoadTrapFrame();
                break;
            case Arm64Operation.MachineFrame:
                LoadMachineFrame();
                break;
            case Arm64Operation.Context:
                LoadContext();
                break;
            case Arm64Operation.EcContext:
                LoadEcContext();
                break;
            case Arm64Operation.ClearUnwoundToCall:
                IsExact = true;
                break;
        }
    }

    private void LoadSaved(in Arm64UnwindCode code)
    {
        bool known = _registers.TryGet(StackPointer, out ulong stack);
        ulong at = unchecked(stack + code.Offset);
        for (int pair = 0; pair <= _pendingPairs; pair++)
        {
            Load(code.First + 2 * pair, unchecked(at + (ulong)(16 * pair)), known);
            if (code.Second >= 0)
            {
                Load(code.Second + 2 * pair, unchecked(at + (ulong)(16 * pair) + 8), known);
            }
        }

        _pendingPairs = 0;
        Raise(code.Adjust);
    }

    private void Raise(uint bytes)
    {
        if (_registers.TryGet(StackPointer, out ulong stack))
        {
            _registers.Set(StackPointer, unchecked(stack + bytes));
        }
    }

    /// <summary>A register whose place cannot be read is unknown; that alone does not end the walk.</summary>
    private void Load(int register, ulong address, bool known)
    {
        if (known && _memory.TryReadUnsigned(address, 8, out ulong value))
        {
            _registers.Set(register, value);
        }
        else
        {
            _registers.Invalidate(register);
        }
    }

    private void LoadTrapFrame()
    {
        bool known = _registers.TryGet(StackPointer, out ulong frame);
        for (int register = 0; register < TrapRegisterCount; register++)
        {
            Load(register, unchecked(frame + TrapRegisters + (ulong)register * 8), known);
        }

        Load(LinkRegister, unchecked(frame + TrapLinkRegister), known);
        Load(FramePointer, unchecked(frame + TrapFramePointer), known);
        Interrupt(unchecked(frame + TrapStackPointer), unchecked(frame + TrapProgramCounter), known);
    }

    private void LoadMachineFrame()
    {
        bool known = _registers.TryGet(StackPointer, out ulong frame);
        Interrupt(frame, unchecked(frame + 8), known);
    }

    private void LoadContext()
    {
        bool known = _registers.TryGet(StackPointer, out ulong context);
        for (int register = 0; register < ContextRegisterCount; register++)
        {
            Load(register, unchecked(context + ContextRegisters + (ulong)register * 8), known);
        }

        _hasProgramCounter = IsExact = true;
    }

    private void LoadEcContext()
    {
        bool known = _registers.TryGet(StackPointer, out ulong context);
        for (int i = 0; i < EcOrder.Length; i++)
        {
            Load(EcOrder[i], unchecked(context + EcRegisters + (ulong)i * 8), known);
        }

        for (int i = 0; i < EcVectorOrder.Length; i++)
        {
            Load(EcVectorOrder[i], unchecked(context + EcVectors + (ulong)i * 16), known);
        }

        _hasProgramCounter = IsExact = true;
    }

    private void Interrupt(ulong stackAt, ulong codeAt, bool known)
    {
        Load(StackPointer, stackAt, known);
        Load(ProgramCounter, codeAt, known);
        _hasProgramCounter = IsExact = true;
    }

    /// <summary>Windows addresses have 48 bits; bit 55 says which half of memory it was (Arm, XPACI).</summary>
    private static ulong WithoutSignature(ulong pointer)
    {
        const ulong High = 0xffff_0000_0000_0000;
        return (pointer >> 55 & 1) != 0 ? pointer | High : pointer & ~High;
    }
}
