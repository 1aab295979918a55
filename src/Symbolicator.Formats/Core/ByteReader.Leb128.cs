using System.Runtime.CompilerServices;

namespace Symbolicator.Formats.Core;

public ref partial struct ByteReader
{
    /// <summary>Unsigned LEB128 (DWARF5 §7.6). Bits beyond 64 are a fault unless they are zero padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadUleb128()
    {
        if ((uint)_position < (uint)_data.Length)
        {
            byte first = _data[_position];
            if (first < 0x80)
            {
                _position++;
                return first;
            }
        }

        return ReadUleb128Slow();
    }

    /// <summary>Signed LEB128 (DWARF5 §7.6).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ReadSleb128()
    {
        if ((uint)_position < (uint)_data.Length)
        {
            byte first = _data[_position];
            if (first < 0x80)
            {
                _position++;
                return unchecked((sbyte)(first << 1)) >> 1;
            }
        }

        return ReadSleb128Slow();
    }

    /// <summary>Moves past one LEB128 value of either sign without decoding it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SkipLeb128()
    {
        while ((uint)_position < (uint)_data.Length)
        {
            if (_data[_position++] < 0x80)
            {
                return;
            }
        }

        Truncated();
    }

    private ulong ReadUleb128Slow()
    {
        ulong value = 0;
        int position = _position;
        for (int shift = 0; position < _data.Length; shift += 7)
        {
            byte b = _data[position++];
            ulong bits = b & 0x7fUL;
            if (shift >= 64 ? bits != 0 : shift == 63 && bits > 1)
            {
                Fail(MalformedReason.BadEncoding);
                return 0;
            }

            if (shift < 64)
            {
                value |= bits << shift;
            }

            if (b < 0x80)
            {
                _position = position;
                return value;
            }
        }

        Truncated();
        return 0;
    }

    private long ReadSleb128Slow()
    {
        long value = 0;
        int position = _position;
        for (int shift = 0; position < _data.Length; shift += 7)
        {
            byte b = _data[position++];
            long bits = b & 0x7f;
            if (shift < 63)
            {
                value |= bits << shift;
            }
            else if (shift == 63)
            {
                // One significant bit is left; the others must repeat it.
                if (bits is not (0 or 0x7f))
                {
                    Fail(MalformedReason.BadEncoding);
                    return 0;
                }

                value |= unchecked(bits << 63);
            }
            else if (bits != (value < 0 ? 0x7f : 0))
            {
                Fail(MalformedReason.BadEncoding);
                return 0;
            }

            if (b < 0x80)
            {
                _position = position;
                if (shift + 7 < 64 && (b & 0x40) != 0)
                {
                    value |= -1L << (shift + 7);
                }

                return value;
            }
        }

        Truncated();
        return 0;
    }
}
