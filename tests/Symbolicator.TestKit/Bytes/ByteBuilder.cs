using System.Buffers.Binary;
using System.Text;

namespace Symbolicator.TestKit.Bytes;

/// <summary>
/// Writes bytes for tests: integers of a chosen byte order, LEB128, strings, alignment, and words that refer to
/// labels placed before or after them. Every method returns the builder.
/// </summary>
public sealed class ByteBuilder(bool bigEndian = false)
{
    private readonly Dictionary<string, long> _labels = [];
    private readonly List<Reference> _references = [];
    private byte[] _bytes = new byte[256];

    public bool BigEndian => bigEndian;

    /// <summary>Bytes written so far, which is also the offset of the next one.</summary>
    public int Length { get; private set; }

    public ByteBuilder U8(int value) => Unsigned(unchecked((byte)value), 1);

    public ByteBuilder U16(int value) => Unsigned(unchecked((ushort)value), 2);

    public ByteBuilder U24(uint value) => Unsigned(value & 0xff_ffff, 3);

    public ByteBuilder U32(uint value) => Unsigned(value, 4);

    public ByteBuilder U64(ulong value) => Unsigned(value, 8);

    public ByteBuilder S8(int value) => U8(value);

    public ByteBuilder S16(int value) => U16(value);

    public ByteBuilder S32(int value) => U32(unchecked((uint)value));

    public ByteBuilder S64(long value) => U64(unchecked((ulong)value));

    /// <summary>Eight bytes when <paramref name="is64"/>, else four.</summary>
    public ByteBuilder Word(ulong value, bool is64) => Unsigned(value, is64 ? 8 : 4);

    /// <summary>An integer of 1 to 8 bytes; higher bits are cut.</summary>
    public ByteBuilder Unsigned(ulong value, int size)
    {
        Put(Length, value, size);
        return this;
    }

    /// <summary>Unsigned LEB128, padded with redundant bytes up to <paramref name="minimumLength"/>.</summary>
    public ByteBuilder Uleb(ulong value, int minimumLength = 1)
    {
        int written = 0;
        do
        {
            byte low = (byte)(value & 0x7f);
            value >>= 7;
            written++;
            U8(value != 0 || written < minimumLength ? low | 0x80 : low);
        }
        while (value != 0 || written < minimumLength);
        return this;
    }

    /// <summary>Signed LEB128 in its shortest form.</summary>
    public ByteBuilder Sleb(long value)
    {
        while (true)
        {
            byte low = (byte)(value & 0x7f);
            value >>= 7;
            bool last = value == ((low & 0x40) != 0 ? -1 : 0);
            U8(last ? low : low | 0x80);
            if (last)
            {
                return this;
            }
        }
    }

    public ByteBuilder Bytes(params ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
        return this;
    }

    /// <summary>UTF-8 without a terminator.</summary>
    public ByteBuilder Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    /// <summary>UTF-8 and a NUL.</summary>
    public ByteBuilder CString(string text) => Text(text).U8(0);

    /// <summary>UTF-16 in the builder's byte order, without a terminator.</summary>
    public ByteBuilder Utf16(string text)
    {
        foreach (char unit in text)
        {
            U16(unit);
        }

        return this;
    }

    public ByteBuilder Zeros(int count) => Fill(0, count);

    public ByteBuilder Fill(byte value, int count)
    {
        Reserve(count);
        _bytes.AsSpan(Length, count).Fill(value);
        Length += count;
        return this;
    }

    /// <summary>Fills up to the next multiple, counted from the start of the builder.</summary>
    public ByteBuilder Align(int alignment, byte filler = 0) => Fill(filler, (alignment - (Length % alignment)) % alignment);

    /// <summary>Fills up to an offset that has not been passed yet.</summary>
    public ByteBuilder PadTo(int offset, byte filler = 0) => Fill(filler, offset - Length);

    /// <summary>Names the current offset.</summary>
    public ByteBuilder Label(string name)
    {
        _labels.Add(name, Length);
        return this;
    }

    /// <summary>Names a value that <see cref="Ref"/> can refer to.</summary>
    public ByteBuilder Define(string name, long value)
    {
        _labels.Add(name, value);
        return this;
    }

    /// <summary>The value of a label that has been placed.</summary>
    public long OffsetOf(string label) => _labels[label];

    /// <summary>An integer that holds a label's offset plus <paramref name="addend"/>; the label may come later.</summary>
    public ByteBuilder Ref(string label, int size = 4, long addend = 0)
    {
        _references.Add(new Reference(Length, size, label, null, addend));
        return Zeros(size);
    }

    /// <summary>An integer that holds the distance from one label to another, plus <paramref name="addend"/>.</summary>
    public ByteBuilder Distance(string from, string to, int size = 4, long addend = 0)
    {
        _references.Add(new Reference(Length, size, to, from, addend));
        return Zeros(size);
    }

    /// <summary>Overwrites an integer written earlier.</summary>
    public ByteBuilder Patch(int offset, ulong value, int size)
    {
        if (offset + size > Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        Put(offset, value, size);
        return this;
    }

    /// <summary>A length field in front of the bytes that <paramref name="content"/> writes; it does not count itself.</summary>
    public ByteBuilder WithLength(int size, Action<ByteBuilder> content)
    {
        int at = Length;
        Zeros(size);
        content(this);
        return Patch(at, (ulong)(Length - at - size), size);
    }

    /// <summary>The bytes, with all references filled in.</summary>
    public byte[] ToArray()
    {
        foreach (var reference in _references)
        {
            long value = _labels[reference.Label] - (reference.From is null ? 0 : _labels[reference.From]) + reference.Addend;
            Put(reference.Offset, unchecked((ulong)value), reference.Size);
        }

        return _bytes.AsSpan(0, Length).ToArray();
    }

    private void Put(int offset, ulong value, int size)
    {
        Span<byte> word = stackalloc byte[8];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(word, value);
            word = word[(8 - size)..];
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, value);
            word = word[..size];
        }

        if (offset == Length)
        {
            Bytes(word);
        }
        else
        {
            word.CopyTo(_bytes.AsSpan(offset));
        }
    }

    private void Reserve(int count)
    {
        if (Length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }
    }

    private readonly record struct Reference(int Offset, int Size, string Label, string? From, long Addend);
}
