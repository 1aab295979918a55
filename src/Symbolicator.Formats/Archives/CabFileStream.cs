using System.Buffers;

namespace Symbolicator.Formats.Archives;

/// <summary>The content of one file in a cabinet: a part of its folder's content. Owns the folder's stream.</summary>
internal sealed class CabFileStream(CabFolderStream folder, CabFile file, CancellationToken cancellation) : ForwardStream
{
    private const int SkipBytes = 64 << 10;

    private CabFile _file = file;

    /// <summary>Bytes of the folder that were decompressed, those in front of the file as well.</summary>
    public long Decompressed { get; private set; }

    /// <inheritdoc cref="CabFolderStream.Work"/>
    public long Work => folder.Work;

    /// <summary>Goes on with another file of the same folder; false when that one lies behind or elsewhere.</summary>
    public bool TryMoveTo(CabFile other)
    {
        if (other.Folder != _file.Folder || other.Offset < Decompressed)
        {
            return false;
        }

        _file = other;
        return true;
    }

    public override int Read(Span<byte> buffer)
    {
        SkipToFile();
        long left = _file.Offset + (long)_file.Size - Decompressed;
        if (left <= 0 || buffer.IsEmpty)
        {
            return 0;
        }

        int read = folder.Read(buffer[..(int)Math.Min(buffer.Length, left)]);
        Decompressed += read;
        return read != 0 ? read : throw Truncated();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            folder.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Bounded by the format: a folder has at most 65,535 blocks of 32 KiB.</summary>
    private void SkipToFile()
    {
        if (Decompressed >= _file.Offset)
        {
            return;
        }

        byte[] dropped = ArrayPool<byte>.Shared.Rent(SkipBytes);
        try
        {
            while (Decompressed < _file.Offset)
            {
                cancellation.ThrowIfCancellationRequested();
                int read = folder.Read(dropped.AsSpan(0, (int)Math.Min(dropped.Length, _file.Offset - Decompressed)));
                Decompressed += read != 0 ? read : throw Truncated();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(dropped);
        }
    }

    private static InvalidDataException Truncated() => new("cabinet: a file ends behind its folder");
}
