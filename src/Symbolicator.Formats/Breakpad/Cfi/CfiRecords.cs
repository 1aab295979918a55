using Symbolicator.Formats.FramePrograms;

namespace Symbolicator.Formats.Breakpad.Cfi;

/// <summary><c>STACK CFI INIT address size rules</c>.</summary>
internal readonly ref struct CfiInitRecord(ulong start, ulong size, ReadOnlySpan<byte> rules)
{
    public ulong Start { get; } = start;

    public ulong Size { get; } = size;

    public ulong End => BreakpadRecord.EndOf(Start, Size);

    public ReadOnlySpan<byte> Rules { get; } = rules;

    public static bool TryParse(ReadOnlySpan<byte> line, out CfiInitRecord record)
    {
        record = default;
        var tokens = new FieldReader(line);
        if (!tokens.TrySkip("STACK"u8) || !tokens.TrySkip("CFI"u8) || !tokens.TrySkip("INIT"u8)
            || !tokens.TryHex(out ulong start) || !tokens.TryHex(out ulong size))
        {
            return false;
        }

        record = new CfiInitRecord(start, size, tokens.Rest);
        return true;
    }
}

/// <summary><c>STACK CFI address rules</c>: what changes at the address.</summary>
internal readonly ref struct CfiDeltaRecord(ulong address, ReadOnlySpan<byte> rules)
{
    public ulong Address { get; } = address;

    public ReadOnlySpan<byte> Rules { get; } = rules;

    public static bool TryParse(ReadOnlySpan<byte> line, out CfiDeltaRecord record)
    {
        record = default;
        var tokens = new FieldReader(line);
        if (!tokens.TrySkip("STACK"u8) || !tokens.TrySkip("CFI"u8) || !tokens.TryHex(out ulong address))
        {
            return false;
        }

        record = new CfiDeltaRecord(address, tokens.Rest);
        return true;
    }
}

/// <summary>Walks <c>name: expression name: expression …</c>.</summary>
internal ref struct CfiRuleList(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text.Trim(" \t"u8);

    /// <summary>False at the end. A text that does not begin with a name gives an empty name.</summary>
    public bool TryNext(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> expression)
    {
        name = default;
        expression = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        int end = NameEnd(_rest, out int start);
        if (end < 0 || start > 0)
        {
            expression = _rest;
            _rest = default;
            return true;
        }

        name = _rest[..(end - 1)];
        _rest = _rest[end..];
        int next = NameEnd(_rest, out start) < 0 ? _rest.Length : start;
        expression = _rest[..next].Trim(" \t"u8);
        _rest = _rest[next..];
        return true;
    }

    /// <summary>End of the first token that ends in a colon, -1 when there is none; and where that token starts.</summary>
    private static int NameEnd(ReadOnlySpan<byte> text, out int start)
    {
        int end = 0;
        start = 0;
        while (true)
        {
            int colon = text[end..].IndexOf((byte)':');
            if (colon < 0)
            {
                return -1;
            }

            end += colon + 1;
            if (end == text.Length || text[end] is (byte)' ' or (byte)'\t')
            {
                start = text[..end].LastIndexOfAny((byte)' ', (byte)'\t') + 1;
                return end;
            }
        }
    }
}
