namespace Symbolicator.Service.Caching;

/// <summary>
/// A share of an open artifact. The artifact is closed when the last share is given back, so that nothing is unmapped
/// under a reader.
/// </summary>
internal sealed class Shared<T> : IShared<Shared<T>>
    where T : class, IDisposable
{
    private readonly Box _box;
    private int _disposed;

    public Shared(T value, long size, Action<long>? released = null)
        : this(new Box(value, size, released))
    {
    }

    private Shared(Box box) => _box = box;

    /// <summary>Valid until this share is disposed.</summary>
    public T Value => _box.Value;

    /// <summary>What it weighs in a cache, in bytes.</summary>
    public long Size => _box.Size;

    /// <summary>Another share, or null when the artifact is already closed.</summary>
    public Shared<T>? TryShare() => _box.TryRetain() ? new Shared<T>(_box) : null;

    public Shared<T> Share() => TryShare() ?? throw new ObjectDisposedException(typeof(T).Name);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _box.Release();
        }
    }

    private sealed class Box(T value, long size, Action<long>? released)
    {
        private int _shares = 1;

        public T Value => value;

        public long Size => size;

        public bool TryRetain()
        {
            int seen = Volatile.Read(ref _shares);
            while (seen > 0)
            {
                int before = Interlocked.CompareExchange(ref _shares, seen + 1, seen);
                if (before == seen)
                {
                    return true;
                }

                seen = before;
            }

            return false;
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref _shares) == 0)
            {
                value.Dispose();
                released?.Invoke(size);
            }
        }
    }
}
