using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// Bits of LZX: little-endian words of 16 bits, the highest bit first. Behind the end there are zeros, because a code may
/// be looked up by more bits than are left; whoever consumed some of them sees <see cref="IsOverrun"/>.
/// </summary>
internal ref struct LzxBits(ReadOnlySpan<byte> input)
{
    private readonly ReadOnlySpan<byte> _input = input;
    private ulong _buffer; // the next bits, from the top
    private int _count;
    private int _position; // of the next word

    /// <summary>More was consumed than there was.</summary>
    public readonly bool IsOverrun => ((long)_position * 8) - _count > (long)_input.Length * 8;

    /// <summary>Bytes that nobody has looked at.</summary>
    public readonly int Unread => Math.Max(0, _input.Length - _position);

    /// <summary>The next 16 bits, not consumed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Peek16()
    {
        if (_count < 16)
        {
            Refill();
        }

        return (int)(_buffer >> 48);
    }

    /// <summary>Consumes bits that were looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Drop(int bits)
    {
        _buffer <<= bits;
        _count -= bits;
    }

    /// <summary>Up to 17 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(int bits)
    {
        if (_count < bits)
        {
            Refill();
        }

        int value = (int)(_buffer >> 32 >> (32 - bits)); // in two steps: a shift by 64 would be none
        Drop(bits);
        return value;
    }

    /// <summary>Moves behind the padding in front of bytes that are not bits: 1 to 16 bits, up to the next word.</summary>
    public void AlignToBytes()
    {
        if (_count == 0)
        {
            Refill();
        }

        int skip = _count % 16 == 0 ? 16 : _count % 16;
        _position -= (_count - skip) / 8;
        _buffer = 0;
        _count = 0;
    }

    /// <summary>Bytes at a position reached by <see cref="AlignToBytes"/>; false when there are fewer.</summary>
    public bool TryReadBytes(int length, out ReadOnlySpan<byte> bytes)
    {
        if (length > Unread)
        {
            bytes = default;
            return false;
        }

        bytes = _input.Slice(_position, length);
        _position += length;
        return true;
    }

    private void Refill()
    {
        while (_count <= 48)
        {
            int word = _position + 1 < _input.Length ? BinaryPrimitives.ReadUInt16LittleEndian(_input[_position..]) : 0;
            _position += 2;
            _buffer |= (ulong)word << (48 - _count);
            _count += 16;
        }
    }
}
