using System.Buffers;
using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb.Msf;

/// <summary>
/// Reads pieces of one stream as spans: views of the file where a piece lies in one run of blocks, else copies in a
/// rented buffer. Each span holds until the next call. Not thread-safe.
/// </summary>
internal sealed class MsfReader(MsfStream stream) : IDisposable
{
    private const int SmallestBuffer = 4096;

    private byte[] _buffer = [];

    public MsfStream Stream { get; } = stream;

    public long Length => Stream.Length;

    /// <summary>
    /// A piece of the stream; false when it is not there. The buffer grows to <paramref name="length"/>: callers bound
    /// it by what the format allows.
    /// </summary>
    public bool TryRead(long offset, int length, out ReadOnlySpan<byte> bytes)
    {
        if (length < 0 || offset < 0 || length > Length - offset)
        {
            bytes = default;
            return false;
        }

        if (Stream.TryView(offset, length, out bytes))
        {
            return true;
        }

        if (_buffer.Length < length)
        {
            Return();
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(length, SmallestBuffer));
        }

        var copy = _buffer.AsSpan(0, length);
        if (!Stream.TryRead(offset, copy))
        {
            return false;
        }

        bytes = copy;
        return true;
    }

    public bool TryReadU16(long offset, out ushort value)
    {
        bool read = TryRead(offset, 2, out var bytes);
        value = read ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;
        return read;
    }

    public bool TryReadU32(long offset, out uint value)
    {
        bool read = TryRead(offset, 4, out var bytes);
        value = read ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
        return read;
    }

    /// <summary>Bytes up to a NUL, without it; false when there is none within <paramref name="longest"/> bytes.</summary>
    public bool TryReadCString(long offset, int longest, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (offset < 0 || offset >= Length)
        {
            return false;
        }

        // Most names are short: look at little first.
        int available = (int)Math.Min(longest + 1L, Length - offset);
        for (int window = Math.Min(256, available); ; window = Math.Min(window * 4, available))
        {
            if (!TryRead(offset, window, out var bytes))
            {
                return false;
            }

            int end = bytes.IndexOf((byte)0);
            if (end >= 0)
            {
                text = bytes[..end];
                return true;
            }

            if (window == available)
            {
                return false;
            }
        }
    }

    /// <summary>A fault at an offset of the stream, stated as an offset of the file.</summary>
    public ParseFault FaultAt(MalformedReason reason, long offset) => new(reason, Stream.FileOffsetOf(offset));

    public void Dispose() => Return();

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
