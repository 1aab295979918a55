using System.Runtime.CompilerServices;

namespace Symbolicator.Formats.Archives;

/// <summary>A canonical prefix code of LZX: up to 16 bits, shorter codes and lower symbols first.</summary>
internal sealed class LzxCode(int symbols)
{
    private const int LongestCode = 16;
    private const int TableBits = 10; // longer codes are rare: they are found by their length

    private readonly ushort[] _table = new ushort[1 << TableBits]; // symbol * 32 + length; 0 for a longer code
    private readonly ushort[] _sorted = new ushort[symbols];
    private readonly int[] _first = new int[LongestCode + 2]; // the first code of a length, one more than needed
    private readonly int[] _counts = new int[LongestCode + 1];
    private readonly int[] _starts = new int[LongestCode + 2];

    /// <summary>Lengths of the codes by symbol, 0 for a symbol that does not occur. They are deltas to those of the block before.</summary>
    public byte[] Lengths { get; } = new byte[symbols];

    /// <summary>Makes the code from its lengths; false when it is over-subscribed or incomplete. No code at all is fine.</summary>
    public bool TryBuild()
    {
        Array.Clear(_counts);
        Array.Clear(_table);
        foreach (byte length in Lengths)
        {
            _counts[length]++;
        }

        bool isEmpty = _counts[0] == Lengths.Length;
        _counts[0] = 0;
        long filled = 0;
        for (int length = 1; length <= LongestCode; length++)
        {
            _first[length] = (_first[length - 1] + _counts[length - 1]) << 1;
            _starts[length + 1] = _starts[length] + _counts[length];
            filled += (long)_counts[length] << (LongestCode - length);
            if (filled > 1 << LongestCode)
            {
                return false;
            }
        }

        if (!isEmpty && filled != 1 << LongestCode)
        {
            return false;
        }

        Sort();
        return true;
    }

    /// <summary>The next symbol; -1 when the code is empty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(ref LzxBits bits)
    {
        int next = bits.Peek16();
        int entry = _table[next >> (LongestCode - TableBits)];
        if (entry == 0)
        {
            return ReadLong(ref bits, next);
        }

        bits.Drop(entry & 31);
        return entry >> 5;
    }

    private int ReadLong(ref LzxBits bits, int next)
    {
        for (int length = TableBits + 1; length <= LongestCode; length++)
        {
            int index = (next >> (LongestCode - length)) - _first[length];
            if ((uint)index < (uint)_counts[length])
            {
                bits.Drop(length);
                return _sorted[_starts[length] + index];
            }
        }

        return -1;
    }

    private void Sort()
    {
        Span<int> next = stackalloc int[LongestCode + 1];
        _starts.AsSpan(0, LongestCode + 1).CopyTo(next);
        for (int symbol = 0; symbol < Lengths.Length; symbol++)
        {
            int length = Lengths[symbol];
            if (length == 0)
            {
                continue;
            }

            int index = next[length]++;
            _sorted[index] = (ushort)symbol;
            if (length <= TableBits)
            {
                int code = _first[length] + index - _starts[length];
                _table.AsSpan(code << (TableBits - length), 1 << (TableBits - length)).Fill((ushort)((symbol << 5) | length));
            }
        }
    }
}
