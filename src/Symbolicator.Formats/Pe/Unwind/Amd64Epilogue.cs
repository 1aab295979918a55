using System.Buffers.Binary;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>
/// The rest of an epilogue from an address in it, recognised by its instructions: version 1 of the unwind information
/// does not say where epilogues are, but prescribes what they look like ("x64 prolog and epilog").
/// </summary>
internal struct Amd64Epilogue
{
    /// <summary>Bytes that are enough for any epilogue.</summary>
    public const int LongestCode = 64;

    /// <summary>A function cannot save more registers.</summary>
    private const int MaxPops = Amd64Registers.Count;

    private Pops _pops;

    /// <summary>Our index of the frame register that the stack pointer is computed from, -1 when it is adjusted only.</summary>
    public int Base { get; private set; }

    /// <summary>Added to the base or the stack pointer.</summary>
    public long Adjustment { get; private set; }

    /// <summary>Registers popped after that, by our index, in order.</summary>
    public int PopCount { get; private set; }

    /// <summary>It ends the handling of an interrupt: what lies on the stack then is a machine frame.</summary>
    public bool LeavesInterrupt { get; private set; }

    /// <summary>It ends by a jump: so does code that goes on in a part of its function that another record describes.</summary>
    public bool EndsByJump { get; private set; }

    public readonly int Popped(int index) => _pops[index];

    /// <summary>False when the code is no epilogue.</summary>
    /// <param name="code">From the address on, as far as it is there.</param>
    /// <param name="rva">The address.</param>
    /// <param name="frameRegister">Number of the frame register in machine code, 0 for none.</param>
    /// <param name="scope">Tells jumps that leave the function.</param>
    /// <param name="epilogue">What is left to do before the frame is left.</param>
    public static bool TryRecognize(
        ReadOnlySpan<byte> code, ulong rva, int frameRegister, in Amd64JumpScope scope, out Amd64Epilogue epilogue)
    {
        epilogue = new Amd64Epilogue { Base = -1 };
        int at = epilogue.ReadAdjustment(code, frameRegister);
        if (!epilogue.TryReadPops(code, ref at))
        {
            return false;
        }

        code = code[at..];
        epilogue.LeavesInterrupt = code.StartsWith<byte>([0x48, 0xcf]); // iretq
        epilogue.EndsByJump = !epilogue.LeavesInterrupt && !IsReturn(code);
        return epilogue.LeavesInterrupt || !epilogue.EndsByJump || IsJumpOut(code, unchecked(rva + (ulong)at), scope);
    }

    /// <summary><c>add rsp, imm</c> or <c>lea rsp, [frame + disp]</c>; returns the bytes that it takes.</summary>
    private int ReadAdjustment(ReadOnlySpan<byte> code, int frameRegister)
    {
        if (code.Length >= 4 && code[..3].SequenceEqual<byte>([0x48, 0x83, 0xc4]))
        {
            Adjustment = unchecked((sbyte)code[3]);
            return 4;
        }

        if (code.Length >= 7 && code[..3].SequenceEqual<byte>([0x48, 0x81, 0xc4]))
        {
            Adjustment = BinaryPrimitives.ReadInt32LittleEndian(code[3..]);
            return 7;
        }

        // REX.W with or without REX.B; ModRM: destination rsp, displacement of 8 or 32 bits
        if (code.Length < 4 || (code[0] & 0xfe) != 0x48 || code[1] != 0x8d || frameRegister == 0
            || ((code[0] & 1) << 3 | code[2] & 7) != frameRegister)
        {
            return 0;
        }

        int mode = code[2] & 0xf8;
        if (mode == 0x60)
        {
            Base = Amd64Registers.IndexOf(frameRegister);
            Adjustment = unchecked((sbyte)code[3]);
            return 4;
        }

        if (mode == 0xa0 && code.Length >= 7)
        {
            Base = Amd64Registers.IndexOf(frameRegister);
            Adjustment = BinaryPrimitives.ReadInt32LittleEndian(code[3..]);
            return 7;
        }

        return 0;
    }

    private bool TryReadPops(ReadOnlySpan<byte> code, ref int at)
    {
        while (at < code.Length)
        {
            int extended = code[at] is >= 0x40 and <= 0x4f && at + 1 < code.Length ? 1 : 0;
            if ((code[at + extended] & 0xf8) != 0x58)
            {
                return true;
            }

            if (PopCount == MaxPops)
            {
                return false;
            }

            int number = code[at + extended] & 7 | (extended == 1 ? (code[at] & 1) << 3 : 0);
            _pops[PopCount++] = (byte)Amd64Registers.IndexOf(number);
            at += 1 + extended;
        }

        return false;
    }

    /// <summary><c>ret</c>, <c>ret imm16</c>, <c>bnd ret</c>, <c>rep ret</c>.</summary>
    private static bool IsReturn(ReadOnlySpan<byte> code) =>
        At(code, 0) is 0xc3 or 0xc2 || (At(code, 0) is 0xf2 or 0xf3 && At(code, 1) == 0xc3);

    private static bool IsJumpOut(ReadOnlySpan<byte> code, ulong rva, in Amd64JumpScope scope)
    {
        byte first = At(code, 0);
        byte second = At(code, 1);
        switch (first)
        {
            case 0xeb when code.Length >= 2: // jmp rel8
                return scope.IsLeft(unchecked(rva + 2 + (ulong)(sbyte)second));
            case 0xe9 when code.Length >= 5: // jmp rel32
                return scope.IsLeft(unchecked(rva + 5 + (ulong)BinaryPrimitives.ReadInt32LittleEndian(code[1..])));
            case 0xff: // jmp [rip + disp]; other indirect jumps belong to switches, unless they carry a prefix
                return second == 0x25;
            default:
                return (first & 0xf8) == 0x48 && second == 0xff && (At(code, 2) & 0x38) == 0x20; // rex.w jmp
        }
    }

    private static byte At(ReadOnlySpan<byte> code, int index) => index < code.Length ? code[index] : (byte)0;

    [System.Runtime.CompilerServices.InlineArray(MaxPops)]
    private struct Pops
    {
        private byte _first;
    }
}

/// <summary>The function that an epilogue may belong to.</summary>
internal readonly struct Amd64JumpScope(Amd64Functions functions, RuntimeFunction function, bool isChained)
{
    /// <summary>
    /// True for a jump out of the function. A jump to its first instruction is a call of itself; other parts of it are
    /// known by the function at the end of their chain.
    /// </summary>
    public bool IsLeft(ulong target)
    {
        if (target >= function.Begin && target < function.End)
        {
            return target == function.Begin && !isChained;
        }

        return !functions.TryFind(target, out var other)
            || !functions.TryFindPrimary(other, out uint otherBegin)
            || !functions.TryFindPrimary(function, out uint begin)
            || otherBegin != begin
            || target == begin;
    }
}
