using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.FramePrograms;

/// <summary>
/// Prologues and epilogues of i386 code, for the innermost frame: the only one that can be interrupted in the middle of
/// one. Linkers describe them partly (Visual C++ has one record for a whole function that keeps a base pointer) or not at
/// all (clang describes no epilogue), so the instructions themselves are asked.
/// </summary>
internal static class X86FrameEdges
{
    private const int MostInstructions = 32;

    /// <summary>
    /// Executes up to the return when only what epilogues consist of lies in between: then the caller is exact, wherever
    /// that is. A jump to the start of a function is a call that returns to the caller.
    /// </summary>
    public static bool TryRunEpilog(
        CpuProfile cpu, in UnwindFrame frame, in RegisterState callee, IMemoryView memory, IFunctionStarts? functions, out RegisterState caller)
    {
        caller = default;
        if (!callee.TryGet(cpu.ProgramCounter, out ulong pc) || !callee.TryGet(cpu.StackPointer, out ulong stack))
        {
            return false;
        }

        var registers = callee;
        for (int i = 0; i < MostInstructions; i++)
        {
            var instruction = X86Code.Decode(memory, pc);
            pc = unchecked(pc + (ulong)instruction.Length) & cpu.AddressMask;
            switch (instruction.Effect)
            {
                case X86Effect.None:
                    break;
                case X86Effect.WriteRegister:
                    registers.Invalidate(instruction.Register);
                    break;
                case X86Effect.AddStackPointer:
                    stack = Add(cpu, stack, instruction.Value);
                    break;
                case X86Effect.RestoreStackPointer when registers.TryGet(cpu.FramePointer, out ulong basePointer):
                    stack = Add(cpu, basePointer, instruction.Value);
                    break;
                case X86Effect.Leave when registers.TryGet(cpu.FramePointer, out ulong basePointer):
                    stack = basePointer;
                    if (!TryPop(cpu, memory, ref stack, out ulong saved))
                    {
                        return false;
                    }

                    registers.Set(cpu.FramePointer, saved);
                    break;
                case X86Effect.Pop:
                    if (!TryPop(cpu, memory, ref stack, out ulong popped))
                    {
                        return false;
                    }

                    registers.Set(instruction.Register, popped);
                    break;
                case X86Effect.Jump when functions?.IsFunctionStart(
                    unchecked(pc + (ulong)instruction.Value - frame.LoadAddress) & cpu.AddressMask) == true:
                case X86Effect.JumpToImport:
                case X86Effect.Return:
                    registers.Set(cpu.StackPointer, stack);
                    return TryReturn(cpu, registers, memory, out caller);
                default:
                    return false;
            }
        }

        return false;
    }

    /// <summary>
    /// Takes back what the instructions from a place to the program counter have pushed and allocated, so that rules hold
    /// again that hold there. False when one of them is not known: a call, a jump.
    /// </summary>
    /// <param name="cpu">Must be i386.</param>
    /// <param name="start">Absolute address of the place.</param>
    /// <param name="callee">Registers; its program counter is behind the start.</param>
    /// <param name="memory">The process.</param>
    /// <param name="before">The registers at the place.</param>
    public static bool TryUndo(CpuProfile cpu, ulong start, in RegisterState callee, IMemoryView memory, out RegisterState before)
    {
        before = callee;
        if (!callee.TryGet(cpu.StackPointer, out ulong stack) || !callee.TryGet(cpu.ProgramCounter, out ulong pc))
        {
            return false;
        }

        Span<(int Register, int Depth)> saved = stackalloc (int, int)[MostInstructions];
        int count = 0, depth = 0;
        for (int i = 0; i < MostInstructions && start != pc; i++)
        {
            var instruction = X86Code.Decode(memory, start);
            if (instruction.Length == 0 || (ulong)instruction.Length > unchecked(pc - start))
            {
                return false;
            }

            start = unchecked(start + (ulong)instruction.Length) & cpu.AddressMask;
            switch (instruction.Effect)
            {
                case X86Effect.PushRegister:
                    depth = unchecked(depth + cpu.PointerSize);
                    saved[count++] = (instruction.Register, depth);
                    break;
                case X86Effect.Push:
                    depth = unchecked(depth + cpu.PointerSize);
                    break;
                case X86Effect.AddStackPointer:
                    depth = unchecked(depth - instruction.Value);
                    break;
                case X86Effect.None or X86Effect.WriteRegister or X86Effect.WriteMemory or X86Effect.SetBasePointer:
                    break;
                default:
                    return false;
            }
        }

        if (start != pc)
        {
            return false;
        }

        ulong top = Add(cpu, stack, depth);
        foreach (var (register, at) in saved[..count])
        {
            if ((cpu.CalleeSaved >> register & 1) != 0
                && memory.TryReadUnsigned(Add(cpu, top, unchecked(-at)), cpu.PointerSize, out ulong value))
            {
                before.Set(register, value);
            }
        }

        before.Set(cpu.StackPointer, top);
        return true;
    }

    /// <summary>True for code that begins by pushing the base pointer and setting it: nothing has been pushed before.</summary>
    public static bool StartsByHeadingFrame(IMemoryView memory, ulong start)
    {
        var first = X86Code.Decode(memory, start);
        if (first is { Effect: X86Effect.None, Length: 2 }) // mov edi, edi
        {
            start = unchecked(start + 2);
            first = X86Code.Decode(memory, start);
        }

        return first is { Effect: X86Effect.PushRegister, Register: X86Code.Ebp }
            && X86Code.Decode(memory, unchecked(start + 1)).Effect == X86Effect.SetBasePointer;
    }

    /// <summary>Pops the return address.</summary>
    public static bool TryReturn(CpuProfile cpu, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        ulong stack = callee.GetOrZero(cpu.StackPointer);
        if (!TryPop(cpu, memory, ref stack, out ulong returnAddress))
        {
            return false;
        }

        for (int register = 0; register < cpu.ProgramCounter; register++)
        {
            if ((cpu.CalleeSaved >> register & 1) != 0 && callee.TryGet(register, out ulong kept))
            {
                caller.Set(register, kept);
            }
        }

        caller.Set(cpu.ProgramCounter, returnAddress);
        caller.Set(cpu.StackPointer, stack);
        return true;
    }

    private static bool TryPop(CpuProfile cpu, IMemoryView memory, ref ulong stack, out ulong value)
    {
        bool read = memory.TryReadUnsigned(stack, cpu.PointerSize, out value);
        stack = Add(cpu, stack, cpu.PointerSize);
        return read;
    }

    /// <summary>32-bit stacks wrap.</summary>
    private static ulong Add(CpuProfile cpu, ulong address, int bytes) => unchecked(address + (ulong)bytes) & cpu.AddressMask;
}
