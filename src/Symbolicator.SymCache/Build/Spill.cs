using Microsoft.Win32.SafeHandles;

namespace Symbolicator.SymCache.Build;

/// <summary>
/// Bytes that are written once in order and read back at any place: the last <see cref="BufferBytes"/> in memory, what
/// came before in a temporary file that vanishes with its handle.
/// </summary>
internal sealed class Spill(string directory) : IDisposable
{
    /// <summary>Most bytes that one spill holds in memory.</summary>
    public const int BufferBytes = 1 << 20;

    private byte[] _buffer = new byte[4096];
    private int _used;
    private long _flushed;
    private SafeFileHandle? _file;

    public long Length => _flushed + _used;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - _used)
        {
            if (_used + bytes.Length <= BufferBytes)
            {
                Array.Resize(ref _buffer, Math.Min(BufferBytes, Math.Max(_used + bytes.Length, _buffer.Length * 4)));
            }
            else
            {
                Flush(_buffer.AsSpan(0, _used));
                _used = 0;
                if (bytes.Length > _buffer.Length)
                {
                    Flush(bytes);
                    return;
                }
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    /// <summary>Fills the destination from a place that was written before.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty && offset < _flushed)
        {
            int want = (int)Math.Min(destination.Length, _flushed - offset);
            int got = RandomAccess.Read(_file!, destination[..want], offset);
            if (got == 0)
            {
                throw new EndOfStreamException("the temporary file was cut short");
            }

            destination = destination[got..];
            offset += got;
        }

        if (!destination.IsEmpty)
        {
            _buffer.AsSpan((int)(offset - _flushed), destination.Length).CopyTo(destination);
        }
    }

    public void CopyTo(Stream output)
    {
        Span<byte> chunk = new byte[(int)Math.Min(_flushed, 64 << 10)];
        for (long at = 0; at < _flushed;)
        {
            var part = chunk[..(int)Math.Min(chunk.Length, _flushed - at)];
            Read(at, part);
            output.Write(part);
            at += part.Length;
        }

        output.Write(_buffer.AsSpan(0, _used));
    }

    public void Dispose() => _file?.Dispose();

    private void Flush(ReadOnlySpan<byte> bytes)
    {
        _file ??= File.OpenHandle(
            Path.Combine(directory, $"symcache-{Guid.NewGuid():n}.tmp"),
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.None,
            FileOptions.DeleteOnClose);
        RandomAccess.Write(_file, bytes, _flushed);
        _flushed += bytes.Length;
    }
}
