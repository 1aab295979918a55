namespace Symbolicator.SymCache.Build;

/// <summary>
/// A list for millions of records. It grows by equal pieces: doubling one array would hold three times the records
/// while it is copied, and half of the new one would stay empty.
/// </summary>
internal sealed class ChunkedList<T>
    where T : struct
{
    private const int ChunkShift = 12;
    private const int ChunkLength = 1 << ChunkShift;

    private readonly List<T[]> _chunks = [];

    public int Count { get; private set; }

    public ref T this[int index] => ref _chunks[index >> ChunkShift][index & (ChunkLength - 1)];

    public void Add(in T item)
    {
        if (Count == _chunks.Count << ChunkShift)
        {
            _chunks.Add(new T[ChunkLength]);
        }

        Count++;
        this[Count - 1] = item;
    }
}
