namespace Symbolicator.Formats.Core;

/// <summary>
/// Immutable bytes of one file, leased by count: created with one lease, unmapped when the last is given back.
/// Spans are valid only while a lease is held.
/// </summary>
public abstract class FileBytes : IDisposable
{
    private int _leases = 1;

    public abstract long Length { get; }

    public ByteRange All => new(0, Length);

    /// <summary>A view of at most 2 GiB; false when the range leaves the file or is longer, or when no lease is left.</summary>
    public bool TrySlice(ByteRange range, out ReadOnlySpan<byte> span)
    {
        if (Volatile.Read(ref _leases) == 0 || range.Offset < 0 || range.Length < 0 || range.Length > int.MaxValue
            || range.Offset > Length || range.Length > Length - range.Offset)
        {
            span = default;
            return false;
        }

        span = View(range.Offset, (int)range.Length);
        return true;
    }

    /// <summary>Takes another lease; false once the last one is gone.</summary>
    public bool TryRetain()
    {
        while (true)
        {
            int seen = Volatile.Read(ref _leases);
            if (seen == 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _leases, seen + 1, seen) == seen)
            {
                return true;
            }
        }
    }

    /// <summary>As <see cref="TryRetain"/>, for callers that hold a lease themselves.</summary>
    public FileBytes Retain() => TryRetain() ? this : throw new ObjectDisposedException(GetType().Name);

    /// <summary>Gives one lease back.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _leases) == 0)
        {
            Release();
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>The bytes; the range has been checked.</summary>
    protected abstract ReadOnlySpan<byte> View(long offset, int length);

    /// <summary>Called once, when the last lease is given back.</summary>
    protected abstract void Release();
}
