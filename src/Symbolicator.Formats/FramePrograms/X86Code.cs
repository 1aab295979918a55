using System.Buffers.Binary;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.FramePrograms;

/// <summary>What an instruction does to the stack, as far as prologues and epilogues need to know.</summary>
internal enum X86Effect : byte
{
    /// <summary>Not known, or of a kind that does not occur there.</summary>
    Unknown,

    /// <summary>Writes neither the stack pointer nor a register that callees preserve, nor memory.</summary>
    None,

    /// <summary>Writes memory, which may be of the stack.</summary>
    WriteMemory,

    /// <summary>Pushes a register, <see cref="X86Instruction.Register"/>.</summary>
    PushRegister,

    /// <summary>Pushes something else.</summary>
    Push,

    /// <summary>Pops a register.</summary>
    Pop,

    /// <summary>Adds <see cref="X86Instruction.Value"/> to the stack pointer.</summary>
    AddStackPointer,

    /// <summary>Sets the base pointer to the stack pointer.</summary>
    SetBasePointer,

    /// <summary>Sets the stack pointer to the base pointer plus <see cref="X86Instruction.Value"/>.</summary>
    RestoreStackPointer,

    /// <summary>Writes a register that callees preserve.</summary>
    WriteRegister,

    /// <summary>Restores the stack pointer from the base pointer and pops the latter.</summary>
    Leave,

    /// <summary>Returns.</summary>
    Return,

    /// <summary>Jumps to <see cref="X86Instruction.Value"/> bytes behind itself.</summary>
    Jump,

    /// <summary>Jumps to what a pointer at a fixed address points to: a function of another module.</summary>
    JumpToImport,
}

/// <summary>One decoded instruction.</summary>
/// <param name="Effect">What it does; the length is known unless this is unknown.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Register">See <see cref="X86Effect"/>; numbers as in the instruction set, which are those of <see cref="CpuProfile"/>.</param>
/// <param name="Value">See <see cref="X86Effect"/>.</param>
internal readonly record struct X86Instruction(X86Effect Effect, int Length, int Register = 0, int Value = 0);

/// <summary>
/// Decodes the i386 instructions that compilers put into prologues and epilogues; all others are unknown (Intel SDM
/// volume 2). Reads the code from the memory of the process, where dumps have it around the program counter.
/// </summary>
internal static class X86Code
{
    public const int Esp = 4;
    public const int Ebp = 5;

    private const int Longest = 11; // of those decoded here
    private const int FsPrefix = 0x64;
    private const int FirstPreserved = 3; // ebx; eax, ecx and edx are anybody's

    public static X86Instruction Decode(IMemoryView memory, ulong address)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        int length = Longest;
        while (length > 0 && !memory.TryRead(address, buffer[..length]))
        {
            length--; // the end of what the dump holds
        }

        return Decode(buffer[..length]);
    }

    public static X86Instruction Decode(ReadOnlySpan<byte> code)
    {
        if (code.Length == 0)
        {
            return default;
        }

        bool exception = code[0] == FsPrefix; // fs:[0] heads the list of exception handlers
        var instruction = exception ? code[1..] : code;
        var decoded = instruction.Length == 0 ? default : DecodeOpcode(instruction, exception);
        return decoded.Effect == X86Effect.Unknown ? default : decoded with { Length = decoded.Length + (exception ? 1 : 0) };
    }

    private static X86Instruction DecodeOpcode(ReadOnlySpan<byte> code, bool exception)
    {
        byte opcode = code[0];
        switch (opcode)
        {
            case >= 0x50 and <= 0x57:
                return new X86Instruction(X86Effect.PushRegister, 1, opcode & 7);
            case >= 0x58 and <= 0x5f when (opcode & 7) != Esp:
                return new X86Instruction(X86Effect.Pop, 1, opcode & 7);
            case 0x68: // push imm32
                return Fixed(code, X86Effect.Push, 5);
            case 0x6a: // push imm8
                return Fixed(code, X86Effect.Push, 2);
            case 0x90: // nop
                return new X86Instruction(X86Effect.None, 1);
            case 0xa1 or 0xa9 or 0x05 or 0x0d or 0x15 or 0x1d or 0x25 or 0x2d or 0x35 or 0x3d: // eax with [moffs] or imm32
                return Fixed(code, X86Effect.None, 5);
            case 0x99: // cdq
                return new X86Instruction(X86Effect.None, 1);
            case >= 0x40 and <= 0x4f: // inc, dec
                return Writes(new X86Instruction(X86Effect.None, 1), opcode & 7);
            case 0x0f: // movzx, movsx, imul
                return DecodeTwoBytes(code);
            case 0xa3 when exception: // mov fs:[moffs], eax
                return Fixed(code, X86Effect.None, 5);
            case >= 0xb8 and <= 0xbf: // mov r32, imm32
                return Writes(Fixed(code, X86Effect.None, 5), opcode & 7);
            case 0xc2: // ret imm16
                return Fixed(code, X86Effect.Return, 3);
            case 0xc3:
                return new X86Instruction(X86Effect.Return, 1);
            case 0xe9: // jmp rel32
                return code.Length < 5
                    ? default
                    : new X86Instruction(X86Effect.Jump, 5, 0, BinaryPrimitives.ReadInt32LittleEndian(code[1..]));
            case 0xeb: // jmp rel8
                return code.Length < 2 ? default : new X86Instruction(X86Effect.Jump, 2, 0, unchecked((sbyte)code[1]));
            case 0xc9:
                return new X86Instruction(X86Effect.Leave, 1);
            default:
                return DecodeOperands(code, exception);
        }
    }

    private static X86Instruction DecodeOperands(ReadOnlySpan<byte> code, bool exception)
    {
        if (code.Length < 2 || !TryReadOperand(code[1..], out var operand))
        {
            return default;
        }

        int length = 1 + operand.Length;
        switch (code[0])
        {
            case 0x89 or 0x8b when operand.IsRegister && operand.Base == operand.Register: // room for a patch
                return new X86Instruction(X86Effect.None, length);
            case 0x03 or 0x0b or 0x13 or 0x1b or 0x23 or 0x2b or 0x33 or 0x8b: // op r32, r/m32
                return operand is { IsRegister: true, Base: Esp, Register: Ebp } && code[0] == 0x8b
                    ? new X86Instruction(X86Effect.SetBasePointer, length)
                    : operand is { IsRegister: true, Base: Ebp, Register: Esp } && code[0] == 0x8b
                        ? new X86Instruction(X86Effect.RestoreStackPointer, length)
                        : Writes(new X86Instruction(X86Effect.None, length), operand.Register);
            case 0x8d: // lea
                return operand is { Register: Esp, Base: Ebp, IsRegister: false }
                    ? new X86Instruction(X86Effect.RestoreStackPointer, length, 0, operand.Displacement)
                    : operand is { Register: Esp, Base: Esp, IsRegister: false }
                        ? new X86Instruction(X86Effect.AddStackPointer, length, 0, operand.Displacement)
                        : Writes(new X86Instruction(operand.IsRegister ? X86Effect.Unknown : X86Effect.None, length), operand.Register);
            case 0x01 or 0x09 or 0x11 or 0x19 or 0x21 or 0x29 or 0x31 or 0x89: // op r/m32, r32
                return operand is { IsRegister: true, Base: Ebp, Register: Esp } && code[0] == 0x89
                    ? new X86Instruction(X86Effect.SetBasePointer, length)
                    : operand is { IsRegister: true, Base: Esp, Register: Ebp } && code[0] == 0x89
                        ? new X86Instruction(X86Effect.RestoreStackPointer, length)
                        : ToOperand(operand, length, exception);
            case 0x38 or 0x39 or 0x3a or 0x3b or 0x84 or 0x85: // cmp, test
                return new X86Instruction(X86Effect.None, length);
            case 0x88: // mov r/m8, r8
                return ToOperand(Byte(operand), length, exception);
            case 0x8a: // mov r8, r/m8
                return Writes(new X86Instruction(X86Effect.None, length), operand.Register & 3);
            case 0xc1: // shifts by imm8
                return code.Length < length + 1 ? default : ToOperand(operand, length + 1, exception);
            case 0xc6 when operand.Register == 0: // mov r/m8, imm8
                return code.Length < length + 1 ? default : ToOperand(Byte(operand), length + 1, exception);
            case 0xc7 when operand.Register == 0: // mov r/m32, imm32
                return code.Length < length + 4 ? default : ToOperand(operand, length + 4, exception);
            case 0xff when operand.Register == 6: // push r/m32
                return new X86Instruction(X86Effect.Push, length);
            case 0xff when operand is { Register: 4, IsRegister: false, Base: < 0 } && operand.Length == 5: // jmp [moffs]
                return new X86Instruction(X86Effect.JumpToImport, length);
            case 0x83 or 0x81:
                return DecodeImmediate(code, operand, length, exception);
            default:
                return default;
        }
    }

    private static X86Instruction DecodeTwoBytes(ReadOnlySpan<byte> code)
    {
        bool isKnown = code.Length > 2 && code[1] is (0xaf or 0xb6 or 0xb7 or 0xbe or 0xbf);
        return isKnown && TryReadOperand(code[2..], out var operand)
            ? Writes(new X86Instruction(X86Effect.None, 2 + operand.Length), operand.Register)
            : default;
    }

    /// <summary>ah, ch, dh and bh have the numbers of esp, ebp, esi and edi.</summary>
    private static Operand Byte(in Operand operand) => operand.IsRegister ? operand with { Base = operand.Base & 3 } : operand;

    /// <summary>add, or, adc, sbb, and, sub, xor, cmp with an immediate of a byte or a word.</summary>
    private static X86Instruction DecodeImmediate(ReadOnlySpan<byte> code, in Operand operand, int length, bool exception)
    {
        int size = code[0] == 0x83 ? 1 : 4;
        if (code.Length < length + size)
        {
            return default;
        }

        int value = size == 1 ? unchecked((sbyte)code[length]) : BinaryPrimitives.ReadInt32LittleEndian(code[length..]);
        length += size;
        if (operand.Register == 7)
        {
            return new X86Instruction(X86Effect.None, length);
        }

        if (operand is not { IsRegister: true, Base: Esp })
        {
            return ToOperand(operand, length, exception);
        }

        return operand.Register switch
        {
            0 => new X86Instruction(X86Effect.AddStackPointer, length, 0, value),
            5 => new X86Instruction(X86Effect.AddStackPointer, length, 0, unchecked(-value)),
            _ => default, // and: the frame is aligned by an unknown number of bytes
        };
    }

    private static X86Instruction ToOperand(in Operand operand, int length, bool exception)
    {
        // Memory may be a saved register; fs:[0] and what no register points to are not.
        bool isElsewhere = exception || operand.Base < 0;
        return operand.IsRegister ? Writes(new X86Instruction(X86Effect.None, length), operand.Base)
            : isElsewhere ? new X86Instruction(X86Effect.None, length)
            : new X86Instruction(X86Effect.WriteMemory, length);
    }

    private static X86Instruction Writes(X86Instruction instruction, int register) =>
        instruction.Effect == X86Effect.Unknown || register < FirstPreserved ? instruction
            : register == Esp ? default
            : instruction with { Effect = X86Effect.WriteRegister, Register = register };

    private static X86Instruction Fixed(ReadOnlySpan<byte> code, X86Effect effect, int length) =>
        code.Length < length ? default : new X86Instruction(effect, length);

    /// <summary>ModR/M, SIB and displacement.</summary>
    private static bool TryReadOperand(ReadOnlySpan<byte> code, out Operand operand)
    {
        int mode = code[0] >> 6, register = (code[0] >> 3) & 7, rm = code[0] & 7;
        int length = 1, start = rm;
        if (mode != 3 && rm == 4)
        {
            length++;
            start = code.Length < 2 ? -1 : (code[1] & 7) == 5 && mode == 0 ? -1 : code[1] & 7;
        }

        int size = mode switch
        {
            1 => 1,
            2 => 4,
            0 when rm == 5 || (rm == 4 && start < 0) => 4,
            _ => 0,
        };
        operand = default;
        if (code.Length < length + size)
        {
            return false;
        }

        int displacement = size switch { 1 => unchecked((sbyte)code[length]), 4 => BinaryPrimitives.ReadInt32LittleEndian(code[length..]), _ => 0 };
        bool hasIndex = mode != 3 && rm == 4 && ((code[1] >> 3) & 7) != 4;
        bool isAbsolute = mode == 0 && rm == 5;
        operand = new Operand(mode == 3, isAbsolute ? -1 : hasIndex ? Indexed : start, register, displacement, length + size);
        return true;
    }

    private const int Indexed = 8; // some register and another one: not asked for which

    /// <param name="IsRegister">A register, not memory.</param>
    /// <param name="Base">That register, or the one that the address starts from; -1 for none.</param>
    /// <param name="Register">The other operand, or more of the opcode.</param>
    /// <param name="Displacement">Added to the base.</param>
    /// <param name="Length">Bytes of all this.</param>
    private readonly record struct Operand(bool IsRegister, int Base, int Register, int Displacement, int Length);
}
