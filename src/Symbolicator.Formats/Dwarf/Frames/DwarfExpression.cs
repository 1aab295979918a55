using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>
/// Evaluates the DWARF expressions that call frame information may hold (DWARF5 §2.5, §6.4.2): those that compute an
/// address or a value from registers and memory. Steps and stack are bounded, nothing is allocated.
/// </summary>
internal static class DwarfExpression
{
    private const int LargestStack = 1024;

    /// <param name="reader">Over the expression.</param>
    /// <param name="scene">What it may refer to.</param>
    /// <param name="initial">First value on the stack, null for none.</param>
    /// <param name="result">Top of the stack at the end.</param>
    /// <param name="fault">Why there is no result.</param>
    public static bool TryEvaluate(
        scoped ByteReader reader, in ExpressionScene scene, ulong? initial, out ulong result, out ParseFault fault)
    {
        Span<ulong> values = stackalloc ulong[Math.Min(scene.Limits.ExpressionStack, LargestStack)];
        var stack = new ValueStack(values, scene.AddressSize);
        if (initial is { } first)
        {
            stack.Push(ref reader, first);
        }

        int steps = scene.Limits.ExpressionSteps;
        while (!reader.AtEnd)
        {
            if (steps-- == 0)
            {
                reader.Fail(MalformedReason.StepsOverLimit);
                break;
            }

            Execute(ref reader, ref stack, scene);
        }

        result = stack.Pop(ref reader);
        fault = reader.Fault;
        return fault.IsNone;
    }

    private static void Execute(ref ByteReader reader, ref ValueStack stack, in ExpressionScene scene)
    {
        byte op = reader.ReadU8();
        switch (op)
        {
            case >= 0x30 and <= 0x4f: // DW_OP_lit0 to 31
                stack.Push(ref reader, (ulong)(op - 0x30));
                return;
            case >= 0x70 and <= 0x8f: // DW_OP_breg0 to 31
                PushRegister(ref reader, ref stack, scene, (ulong)(op - 0x70));
                return;
        }

        switch (op)
        {
            case 0x03: // DW_OP_addr
                stack.Push(ref reader, unchecked(reader.ReadUnsigned(scene.AddressSize) + scene.Bias));
                break;
            case 0x06: // DW_OP_deref
                Dereference(ref reader, ref stack, scene, scene.AddressSize);
                break;
            case 0x94: // DW_OP_deref_size
                Dereference(ref reader, ref stack, scene, reader.ReadU8());
                break;
            case 0x08: // DW_OP_const1u
                stack.Push(ref reader, reader.ReadU8());
                break;
            case 0x09: // DW_OP_const1s
                stack.Push(ref reader, unchecked((ulong)reader.ReadS8()));
                break;
            case 0x0a: // DW_OP_const2u
                stack.Push(ref reader, reader.ReadU16());
                break;
            case 0x0b: // DW_OP_const2s
                stack.Push(ref reader, unchecked((ulong)reader.ReadS16()));
                break;
            case 0x0c: // DW_OP_const4u
                stack.Push(ref reader, reader.ReadU32());
                break;
            case 0x0d: // DW_OP_const4s
                stack.Push(ref reader, unchecked((ulong)reader.ReadS32()));
                break;
            case 0x0e or 0x0f: // DW_OP_const8u, DW_OP_const8s
                stack.Push(ref reader, reader.ReadU64());
                break;
            case 0x10: // DW_OP_constu
                stack.Push(ref reader, reader.ReadUleb128());
                break;
            case 0x11: // DW_OP_consts
                stack.Push(ref reader, unchecked((ulong)reader.ReadSleb128()));
                break;
            case 0x12: // DW_OP_dup
                stack.Push(ref reader, stack.Peek(ref reader, 0));
                break;
            case 0x13: // DW_OP_drop
                stack.Pop(ref reader);
                break;
            case 0x14: // DW_OP_over
                stack.Push(ref reader, stack.Peek(ref reader, 1));
                break;
            case 0x15: // DW_OP_pick
                stack.Push(ref reader, stack.Peek(ref reader, reader.ReadU8()));
                break;
            case 0x16: // DW_OP_swap
                stack.Rotate(ref reader, 2);
                break;
            case 0x17: // DW_OP_rot
                stack.Rotate(ref reader, 3);
                break;
            case 0x19 or 0x1f or 0x20: // DW_OP_abs, DW_OP_neg, DW_OP_not
                stack.Push(ref reader, Unary(op, stack.PopSigned(ref reader)));
                break;
            case 0x23: // DW_OP_plus_uconst
                stack.Push(ref reader, unchecked(stack.Pop(ref reader) + reader.ReadUleb128()));
                break;
            case 0x1a or 0x1b or 0x1c or 0x1d or 0x1e or 0x21 or 0x22 or (>= 0x24 and <= 0x27) or (>= 0x29 and <= 0x2e):
                Binary(ref reader, ref stack, op, scene.AddressSize * 8);
                break;
            case 0x2f: // DW_OP_skip
                Jump(ref reader, reader.ReadS16());
                break;
            case 0x28: // DW_OP_bra
                short distance = reader.ReadS16();
                if (stack.Pop(ref reader) != 0)
                {
                    Jump(ref reader, distance);
                }

                break;
            case 0x92: // DW_OP_bregx
                PushRegister(ref reader, ref stack, scene, reader.ReadUleb128());
                break;
            case 0x96: // DW_OP_nop
                break;
            default:
                reader.Fail(MalformedReason.UnknownForm);
                break;
        }
    }

    private static void PushRegister(ref ByteReader reader, ref ValueStack stack, in ExpressionScene scene, ulong register)
    {
        long offset = reader.ReadSleb128();
        if (scene.SwapsEspAndEbp && register is 4 or 5)
        {
            register = 9 - register;
        }

        if (register >= RegisterState.Capacity || !scene.Registers.TryGet((int)register, out ulong value))
        {
            reader.Fail(MalformedReason.OutOfRange);
            return;
        }

        stack.Push(ref reader, unchecked(value + (ulong)offset));
    }

    private static void Dereference(ref ByteReader reader, ref ValueStack stack, in ExpressionScene scene, int size)
    {
        ulong address = stack.Pop(ref reader);
        ulong value = 0;
        if (size is not (1 or 2 or 4 or 8) || size > scene.AddressSize || !scene.Memory.TryReadUnsigned(address, size, out value))
        {
            reader.Fail(MalformedReason.OutOfRange);
            return;
        }

        stack.Push(ref reader, value);
    }

    private static void Jump(ref ByteReader reader, short distance)
    {
        long target = reader.Position + (long)distance;
        if (target < 0)
        {
            reader.Fail(MalformedReason.OutOfRange);
            return;
        }

        reader.Seek((ulong)target);
    }

    private static ulong Unary(byte op, long value) => unchecked((ulong)(op switch
    {
        0x19 => value < 0 ? -value : value, // DW_OP_abs
        0x1f => -value, // DW_OP_neg
        _ => ~value, // DW_OP_not
    }));

    private static void Binary(ref ByteReader reader, ref ValueStack stack, byte op, int width)
    {
        long signedRight = stack.PopSigned(ref reader);
        long signedLeft = stack.PopSigned(ref reader);
        ulong mask = width == 64 ? ulong.MaxValue : uint.MaxValue;
        ulong right = unchecked((ulong)signedRight) & mask;
        ulong left = unchecked((ulong)signedLeft) & mask;
        if (op is 0x1b or 0x1d && right == 0)
        {
            reader.Fail(MalformedReason.BadValue);
            return;
        }

        stack.Push(ref reader, unchecked(op switch
        {
            0x1a => left & right, // DW_OP_and
            0x1b => signedRight == -1 ? 0 - left : (ulong)(signedLeft / signedRight), // DW_OP_div; the CPU traps on min / -1
            0x1c => left - right, // DW_OP_minus
            0x1d => left % right, // DW_OP_mod
            0x1e => left * right, // DW_OP_mul
            0x21 => left | right, // DW_OP_or
            0x22 => left + right, // DW_OP_plus
            0x24 => right >= (ulong)width ? 0 : left << (int)right, // DW_OP_shl
            0x25 => right >= (ulong)width ? 0 : left >> (int)right, // DW_OP_shr
            0x26 => (ulong)(signedLeft >> (int)Math.Min(right, 63)), // DW_OP_shra
            0x27 => left ^ right, // DW_OP_xor
            0x29 => signedLeft == signedRight ? 1UL : 0, // DW_OP_eq
            0x2a => signedLeft >= signedRight ? 1UL : 0, // DW_OP_ge
            0x2b => signedLeft > signedRight ? 1UL : 0, // DW_OP_gt
            0x2c => signedLeft <= signedRight ? 1UL : 0, // DW_OP_le
            0x2d => signedLeft < signedRight ? 1UL : 0, // DW_OP_lt
            _ => signedLeft != signedRight ? 1UL : 0, // DW_OP_ne
        }));
    }

    /// <summary>Values of the width of an address. Misuse is a fault of the reader.</summary>
    private ref struct ValueStack(Span<ulong> values, int addressSize)
    {
        private readonly Span<ulong> _values = values;
        private int _count;

        public void Push(ref ByteReader reader, ulong value)
        {
            if (_count >= _values.Length)
            {
                reader.Fail(MalformedReason.DepthOverLimit);
                return;
            }

            _values[_count++] = addressSize == 8 ? value : value & uint.MaxValue;
        }

        public ulong Pop(ref ByteReader reader)
        {
            if (_count == 0)
            {
                reader.Fail(MalformedReason.BadValue);
                return 0;
            }

            return _values[--_count];
        }

        public long PopSigned(ref ByteReader reader)
        {
            ulong value = Pop(ref reader);
            return addressSize == 8 ? unchecked((long)value) : unchecked((int)(uint)value);
        }

        public readonly ulong Peek(ref ByteReader reader, int depth)
        {
            if (depth >= _count)
            {
                reader.Fail(MalformedReason.BadValue);
                return 0;
            }

            return _values[_count - 1 - depth];
        }

        /// <summary>The top value goes below the <paramref name="depth"/> - 1 values under it.</summary>
        public readonly void Rotate(ref ByteReader reader, int depth)
        {
            if (depth > _count)
            {
                reader.Fail(MalformedReason.BadValue);
                return;
            }

            var window = _values.Slice(_count - depth, depth);
            ulong top = window[^1];
            window[..^1].CopyTo(window[1..]);
            window[0] = top;
        }
    }
}

/// <summary>What an expression may refer to.</summary>
/// <param name="registers">Registers of the callee.</param>
/// <param name="memory">Memory of the process.</param>
/// <param name="bias">Added to addresses as linked.</param>
/// <param name="addressSize">4 or 8.</param>
/// <param name="swapsEspAndEbp">Registers 4 and 5 are exchanged.</param>
/// <param name="limits">Bounds of steps and stack.</param>
internal readonly ref struct ExpressionScene(
    ref readonly RegisterState registers, IMemoryView memory, ulong bias, int addressSize, bool swapsEspAndEbp, ParseLimits limits)
{
    public readonly ref readonly RegisterState Registers = ref registers;

    public IMemoryView Memory { get; } = memory;

    public ulong Bias { get; } = bias;

    public int AddressSize { get; } = addressSize;

    public bool SwapsEspAndEbp { get; } = swapsEspAndEbp;

    public ParseLimits Limits { get; } = limits;
}
