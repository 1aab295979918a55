using System.Buffers.Binary;

namespace Symbolicator.SymCache.Build;

/// <summary>A growing, reused buffer of little-endian and LEB128 values.</summary>
internal sealed class ByteSink
{
    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void WriteU8(byte value) => Room(1)[0] = value;

    public void WriteU32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Room(sizeof(uint)), value);

    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Room(bytes.Length));

    public void WriteUleb(ulong value)
    {
        while (value >= 0x80)
        {
            WriteU8((byte)(value & 0x7f | 0x80));
            value >>= 7;
        }

        WriteU8((byte)value);
    }

    /// <summary>Small numbers of either sign as small unsigned ones.</summary>
    public static ulong Zigzag(long value) => unchecked((ulong)((value << 1) ^ (value >> 63)));

    private Span<byte> Room(int count)
    {
        int end = Length + count;
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(end, _bytes.Length * 2L), Array.MaxLength));
        }

        var room = _bytes.AsSpan(Length, count);
        Length = end;
        return room;
    }
}
