using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.FramePrograms;

/// <summary>The names that an expression may use, by slot.</summary>
internal interface IPostfixScope
{
    /// <summary>The slot of a name, -1 for names that cannot be used.</summary>
    int SlotOf(ReadOnlySpan<byte> name);

    /// <summary>False while the value is not known.</summary>
    bool TryGet(int slot, out ulong value);

    /// <summary>False for names that cannot be assigned.</summary>
    bool TrySet(int slot, ulong value);
}

/// <summary>How an expression ended.</summary>
internal enum PostfixOutcome : byte
{
    /// <summary>One value is left.</summary>
    Value,

    /// <summary>Nothing is left: a program of assignments.</summary>
    Done,

    /// <summary>The expression is <c>.undef</c>.</summary>
    Undefined,

    /// <summary>It reads memory that is not there or a value that is not known.</summary>
    Unavailable,

    /// <summary>It is not an expression, divides by zero, or exceeds the limits.</summary>
    Malformed,
}

/// <summary>
/// Evaluates Breakpad's postfix expressions over registers and memory: integers, names, <c>+ - * / %</c>,
/// <c>@</c> (align down), <c>^</c> (read a pointer) and <c>=</c> (assign). Arithmetic is unsigned and wraps at the
/// pointer size. Allocates nothing.
/// </summary>
internal static class PostfixMachine
{
    private const int StackItems = 64;

    public static PostfixOutcome Run<TScope>(
        ReadOnlySpan<byte> text, ref TScope scope, IMemoryView memory, CpuProfile cpu, ParseLimits limits, out ulong result)
        where TScope : IPostfixScope, allows ref struct
    {
        Span<Item> stack = stackalloc Item[Math.Min(StackItems, limits.ExpressionStack)];
        result = 0;
        int count = 0;
        int steps = 0;
        var tokens = new FieldReader(text);
        while (tokens.TryNext(out var token))
        {
            if (++steps > limits.ExpressionSteps)
            {
                return PostfixOutcome.Malformed;
            }

            // Visual C++ leaves out the blank behind an assignment: "$T0 $ebp 204 + =$eip $T0 4 + ^ =".
            bool isAssignment = token[0] == '=';
            if (isAssignment || (token.Length == 1 && IsOperator(token[0])))
            {
                var failed = Apply(token[0], stack, ref count, ref scope, memory, cpu);
                if (failed is { } outcome)
                {
                    return outcome;
                }

                token = token[1..];
                if (token.IsEmpty)
                {
                    continue;
                }
            }

            if (token.SequenceEqual(".undef"u8))
            {
                return count == 0 && tokens.AtEnd ? PostfixOutcome.Undefined : PostfixOutcome.Malformed;
            }

            if (count == stack.Length)
            {
                return PostfixOutcome.Malformed;
            }

            if (TryParseInteger(token, out ulong number))
            {
                stack[count++] = new Item(number & cpu.AddressMask, -1);
                continue;
            }

            int slot = scope.SlotOf(token);
            if (slot < 0)
            {
                return PostfixOutcome.Malformed;
            }

            stack[count++] = new Item(0, slot);
        }

        return count switch
        {
            0 when steps > 0 => PostfixOutcome.Done,
            1 => TryValue(stack[0], ref scope, out result) ? PostfixOutcome.Value : PostfixOutcome.Unavailable,
            _ => PostfixOutcome.Malformed,
        };
    }

    private static bool IsOperator(byte token) =>
        token is (byte)'+' or (byte)'-' or (byte)'*' or (byte)'/' or (byte)'%' or (byte)'@' or (byte)'^' or (byte)'=';

    private static PostfixOutcome? Apply<TScope>(
        byte operation, scoped Span<Item> stack, ref int count, ref TScope scope, IMemoryView memory, CpuProfile cpu)
        where TScope : IPostfixScope, allows ref struct
    {
        if (count < (operation == '^' ? 1 : 2))
        {
            return PostfixOutcome.Malformed;
        }

        if (!TryValue(stack[--count], ref scope, out ulong right))
        {
            return PostfixOutcome.Unavailable;
        }

        if (operation == '^')
        {
            if (!memory.TryReadUnsigned(right, cpu.PointerSize, out ulong loaded))
            {
                return PostfixOutcome.Unavailable;
            }

            stack[count++] = new Item(loaded, -1);
            return null;
        }

        var left = stack[--count];
        if (operation == '=')
        {
            return left.Slot >= 0 && scope.TrySet(left.Slot, right) ? null : PostfixOutcome.Malformed;
        }

        if (!TryValue(left, ref scope, out ulong value))
        {
            return PostfixOutcome.Unavailable;
        }

        if (right == 0 && operation is (byte)'/' or (byte)'%' or (byte)'@')
        {
            return PostfixOutcome.Malformed;
        }

        // Register arithmetic wraps.
        ulong result = unchecked(operation switch
        {
            (byte)'+' => value + right,
            (byte)'-' => value - right,
            (byte)'*' => value * right,
            (byte)'/' => value / right,
            (byte)'%' => value % right,
            _ => value & ~(right - 1),
        });
        stack[count++] = new Item(result & cpu.AddressMask, -1);
        return null;
    }

    private static bool TryValue<TScope>(in Item item, ref TScope scope, out ulong value)
        where TScope : IPostfixScope, allows ref struct
    {
        if (item.Slot >= 0)
        {
            return scope.TryGet(item.Slot, out value);
        }

        value = item.Value;
        return true;
    }

    private static bool TryParseInteger(ReadOnlySpan<byte> token, out ulong value)
    {
        value = 0;
        bool negative = token[0] == '-';
        var digits = negative ? token[1..] : token;
        if (digits.StartsWith("0x"u8))
        {
            if (!FieldReader.TryParseHex(digits, out value))
            {
                return false;
            }
        }
        else
        {
            if (digits.IsEmpty || digits.Length > 19 || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            {
                return false;
            }

            foreach (byte digit in digits)
            {
                value = value * 10 + (ulong)(digit - '0'); // 19 digits fit
            }
        }

        value = negative ? unchecked(0 - value) : value;
        return true;
    }

    private readonly record struct Item(ulong Value, int Slot);
}
