using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Archives;

/// <summary>A range of a file as a read-only, seekable stream. Whoever creates it holds the lease.</summary>
internal sealed class FileBytesStream(FileBytes file, ByteRange range) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => range.Length;

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    public override int Read(Span<byte> buffer)
    {
        long left = range.Length - _position;
        int count = (int)Math.Min(buffer.Length, Math.Max(0, left));
        if (count == 0 || !file.TrySlice(new ByteRange(range.Offset + _position, count), out var bytes))
        {
            return 0;
        }

        bytes.CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => range.Length + offset,
    };

    public override void Flush()
    {
        // Nothing is ever written.
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
