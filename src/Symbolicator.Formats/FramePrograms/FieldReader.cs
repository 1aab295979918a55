namespace Symbolicator.Formats.FramePrograms;

/// <summary>Reads the blank-separated fields of one line from left to right. A field that does not fit its type is false.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> line)
{
    private ReadOnlySpan<byte> _rest = line;

    /// <summary>Everything that has not been read, without leading blanks.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest.TrimStart(" \t"u8);

    public readonly bool AtEnd => Rest.IsEmpty;

    public bool TryNext(out ReadOnlySpan<byte> token)
    {
        _rest = _rest.TrimStart(" \t"u8);
        int end = _rest.IndexOfAny((byte)' ', (byte)'\t');
        token = end < 0 ? _rest : _rest[..end];
        _rest = _rest[token.Length..];
        return !token.IsEmpty;
    }

    /// <summary>Consumes the next field when it is this word.</summary>
    public bool TrySkip(ReadOnlySpan<byte> word)
    {
        var saved = this;
        if (TryNext(out var token) && token.SequenceEqual(word))
        {
            return true;
        }

        this = saved;
        return false;
    }

    /// <summary>Hex digits, at most 64 bits.</summary>
    public bool TryHex(out ulong value)
    {
        value = 0;
        return TryNext(out var token) && TryParseHex(token, out value);
    }

    /// <summary>Hex digits, at most 32 bits.</summary>
    public bool TryHex(out uint value)
    {
        bool ok = TryHex(out ulong wide) && wide <= uint.MaxValue;
        value = ok ? (uint)wide : 0;
        return ok;
    }

    /// <summary>A decimal number; null when it is negative or over 32 bits, as some producers write "unknown".</summary>
    public bool TryDecimal(out uint? value)
    {
        value = null;
        if (!TryNext(out var token))
        {
            return false;
        }

        bool negative = token[0] == '-';
        var digits = negative ? token[1..] : token;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        ulong number = 0;
        foreach (byte digit in digits)
        {
            number = number * 10 + (ulong)(digit - '0');
            if (number > uint.MaxValue)
            {
                return true;
            }
        }

        value = negative ? null : (uint)number;
        return true;
    }

    public static bool TryParseHex(ReadOnlySpan<byte> digits, out ulong value)
    {
        value = 0;
        digits = digits.StartsWith("0x"u8) ? digits[2..] : digits;
        if (digits.IsEmpty || digits.TrimStart((byte)'0').Length > 16)
        {
            return false;
        }

        foreach (byte c in digits)
        {
            int digit = HexValue(c);
            if (digit < 0)
            {
                return false;
            }

            value = (value << 4) | (uint)digit;
        }

        return true;
    }

    private static int HexValue(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };
}
