using Symbolicator.Formats.Core;

namespace Symbolicator.Service.Caching;

/// <summary>
/// Where a new cache file is written: a temporary file, or memory once the disk has no room left. Seekable, so that
/// writers may patch their headers.
/// </summary>
internal sealed class CacheOutput : Stream
{
    private const int DiskFull = 28;       // ENOSPC
    private const int QuotaExceeded = 122; // EDQUOT

    private readonly long _memoryLimit;
    private readonly FileStream? _file;
    private MemoryStream? _memory;

    /// <param name="path">A new file; null to write to memory at once.</param>
    /// <param name="memoryLimit">Bytes that may be kept in memory when the disk is full.</param>
    public CacheOutput(string? path, long memoryLimit)
    {
        _memoryLimit = memoryLimit;
        TempPath = path;
        if (path is null)
        {
            _memory = new MemoryStream();
            return;
        }

        try
        {
            _file = Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Full, read-only or broken: it costs the caching only.
            _memory = new MemoryStream();
        }
    }

    /// <summary>The temporary file, whether or not it holds everything.</summary>
    public string? TempPath { get; }

    /// <summary>True when the disk had no room: the content lies in memory.</summary>
    public bool IsInMemory => _memory is not null;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => Current.Length;

    public override long Position { get => Current.Position; set => Current.Position = value; }

    private Stream Current => (Stream?)_memory ?? _file!;

    public static bool IsFull(IOException e) => (e.HResult & 0xffff) is DiskFull or QuotaExceeded;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_memory is null)
        {
            long start = _file!.Position;
            try
            {
                _file.Write(buffer);
                return;
            }
            catch (IOException e) when (IsFull(e))
            {
                MoveToMemory(start);
            }
        }

        ThrowIfTooLarge(_memory!.Position + buffer.Length);
        _memory.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Into the page cache: there is nothing to wait for.
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer) => Current.Read(buffer);

    public override int Read(byte[] buffer, int offset, int count) => Current.Read(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => Current.Seek(offset, origin);

    public override void SetLength(long value) => Current.SetLength(value);

    public override void Flush()
    {
        // Nothing is buffered.
    }

    /// <summary>Makes what was written durable. False when it lies in memory only.</summary>
    public bool TrySync()
    {
        if (_memory is not null)
        {
            return false;
        }

        try
        {
            _file!.Flush(flushToDisk: true);
            return true;
        }
        catch (IOException e) when (IsFull(e))
        {
            // Some file systems allocate late.
            MoveToMemory(_file!.Position);
            return false;
        }
    }

    /// <summary>Opens what was written; the writer is not used any more.</summary>
    public FileBytes Open()
    {
        return _memory is not null
            ? new MemoryFileBytes(_memory.GetBuffer().AsMemory(0, (int)_memory.Length))
            : MappedFileBytes.Open(TempPath!);
    }

    /// <summary>Unlinks the temporary file, unless it has been moved into place. Who has it open keeps it.</summary>
    public void DeleteTemporary()
    {
        if (TempPath is not null)
        {
            DiskCache.TryDelete(TempPath);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static FileStream Create(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read | FileShare.Delete,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,

            // None: after a failed write it must be certain what the file holds. Writers bring large pieces.
            BufferSize = 0,
        };
        try
        {
            return new FileStream(path, options);
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody has emptied the cache directory under the running service.
            DiskCache.CreatePrivateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path, options);
        }
    }

    /// <summary>Reads back what the disk took before a write failed; that write is repeated by the caller.</summary>
    private void MoveToMemory(long position)
    {
        var handle = _file!.SafeFileHandle;
        long length = RandomAccess.GetLength(handle);
        ThrowIfTooLarge(Math.Max(position, length));
        var memory = new MemoryStream();
        memory.SetLength(length);
        int read;
        for (int at = 0; at < length; at += read)
        {
            read = RandomAccess.Read(handle, memory.GetBuffer().AsSpan(at, (int)length - at), at);
            if (read == 0)
            {
                throw new IOException("the temporary file shrank");
            }
        }

        memory.Position = position;
        _memory = memory;
    }

    private void ThrowIfTooLarge(long bytes)
    {
        if (bytes > _memoryLimit)
        {
            throw new IOException("the disk is full and the file is too large to be kept in memory", DiskFull);
        }
    }
}
