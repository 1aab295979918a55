using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Elf;

/// <summary>One symbol table and its strings, both cut to what the file has.</summary>
internal readonly record struct ElfSymbolTable(Section Entries, Section Strings, int EntrySize)
{
    /// <summary>Entries, the empty one at the start included.</summary>
    public long Count => EntrySize == 0 ? 0 : Entries.Length / EntrySize;

    public bool TryRead(long index, ElfEncoding encoding, out ElfSymbol symbol)
    {
        symbol = default;
        if (!Entries.TryWindow((ulong)index * (ulong)EntrySize, (ulong)ElfSymbol.SizeOf(encoding), out var window))
        {
            return false;
        }

        var reader = new ByteReader(window, encoding.BigEndian);
        symbol = ElfSymbol.Read(ref reader, encoding);
        return true;
    }

    /// <summary>The first bytes of a name, also of one that is not terminated.</summary>
    public ReadOnlySpan<byte> Prefix(uint offset, int length)
    {
        var text = Strings.From(offset);
        return text[..Math.Min(text.Length, length)];
    }

    /// <summary>The name without its version; empty when it is not terminated within the table or the limit.</summary>
    /// <param name="offset">Where it starts in <see cref="Strings"/>.</param>
    /// <param name="limits">See <see cref="ParseLimits.StringBytes"/>.</param>
    /// <param name="budget">Reduced by the bytes that were looked at.</param>
    public ReadOnlySpan<byte> Name(uint offset, ParseLimits limits, ref long budget)
    {
        var text = Prefix(offset, limits.StringBytes);
        int end = text.IndexOf((byte)0);
        budget -= end < 0 ? text.Length : end;
        if (end <= 0)
        {
            return default;
        }

        // Some linkers write "name@VERSION" and "name@@VERSION" into the static table.
        text = text[..end];
        int version = text.IndexOf((byte)'@');
        return version > 0 ? text[..version] : text;
    }
}
