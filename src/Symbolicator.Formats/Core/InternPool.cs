using System.Runtime.InteropServices;

namespace Symbolicator.Formats.Core;

/// <summary>A string of an <see cref="InternPool"/>; the default value is "no string".</summary>
public readonly record struct StringRef(int Id)
{
    public bool IsNone => Id == 0;
}

/// <summary>A source file of an <see cref="InternPool"/>; the default value is "no file".</summary>
public readonly record struct FileRef(int Id)
{
    public bool IsNone => Id == 0;
}

/// <summary>
/// Parts of a path as the producer stored them: not joined, not normalised. A part that is absolute replaces the
/// parts before it.
/// </summary>
public readonly record struct FilePath(StringRef CompilationDirectory, StringRef Directory, StringRef Name);

/// <summary>
/// Each distinct byte string once, and each distinct (compilation directory, directory, name) once. Ids are dense,
/// from 1, in order of first use. Not thread-safe. Bounded by <see cref="ParseLimits.InternPoolBytes"/>: what does
/// not fit becomes "no string" and is counted.
/// </summary>
public sealed class InternPool
{
    private const int ChunkBytes = 1 << 20;

    private readonly ParseLimits _limits;
    private readonly List<Entry> _entries = [default];
    private readonly List<FilePath> _files = [default];
    private readonly Dictionary<FilePath, int> _fileIds = [];
    private int[] _buckets = new int[1024];
    private byte[] _chunk = [];
    private int _chunkUsed = ChunkBytes;

    public InternPool(ParseLimits? limits = null) => _limits = limits ?? ParseLimits.Default;

    /// <summary>Distinct strings; ids run from 1 to this.</summary>
    public int StringCount => _entries.Count - 1;

    /// <summary>Distinct files; ids run from 1 to this.</summary>
    public int FileCount => _files.Count - 1;

    /// <summary>Bytes of all distinct strings.</summary>
    public long Bytes { get; private set; }

    /// <summary>Strings that were dropped because the pool was full.</summary>
    public long Dropped { get; private set; }

    /// <summary>The id of a string; the empty string is "no string". Over-long strings are cut.</summary>
    public StringRef Intern(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return default;
        }

        if (text.Length > _limits.StringBytes)
        {
            text = text[.._limits.StringBytes];
        }

        uint hash = Hash(text);
        int bucket = (int)(hash & (uint)(_buckets.Length - 1));
        for (int id = _buckets[bucket]; id != 0; id = _entries[id].Next)
        {
            ref readonly var entry = ref CollectionsMarshal.AsSpan(_entries)[id];
            if (entry.Hash == hash && Span(entry).SequenceEqual(text))
            {
                return new StringRef(id);
            }
        }

        if (Bytes + text.Length > _limits.InternPoolBytes)
        {
            Dropped++;
            return default;
        }

        return Add(text, hash);
    }

    public FileRef InternFile(in FilePath path)
    {
        if (path.Name.IsNone)
        {
            return default;
        }

        ref int id = ref CollectionsMarshal.GetValueRefOrAddDefault(_fileIds, path, out bool known);
        if (!known)
        {
            id = _files.Count;
            _files.Add(path);
        }

        return new FileRef(id);
    }

    /// <summary>The bytes of a string; empty for "no string".</summary>
    public ReadOnlySpan<byte> Get(StringRef text) => Span(CollectionsMarshal.AsSpan(_entries)[text.Id]);

    public FilePath Get(FileRef file) => _files[file.Id];

    private StringRef Add(ReadOnlySpan<byte> text, uint hash)
    {
        if (_entries.Count > _buckets.Length)
        {
            Grow();
        }

        byte[] chunk;
        int offset;
        if (text.Length > ChunkBytes / 4)
        {
            chunk = text.ToArray(); // a long string does not waste the rest of the chunk
            offset = 0;
        }
        else
        {
            if (_chunkUsed + text.Length > ChunkBytes)
            {
                _chunk = new byte[ChunkBytes];
                _chunkUsed = 0;
            }

            chunk = _chunk;
            offset = _chunkUsed;
            text.CopyTo(chunk.AsSpan(offset));
            _chunkUsed += text.Length;
        }

        int bucket = (int)(hash & (uint)(_buckets.Length - 1));
        int id = _entries.Count;
        _entries.Add(new Entry(chunk, offset, text.Length, hash, _buckets[bucket]));
        _buckets[bucket] = id;
        Bytes += text.Length;
        return new StringRef(id);
    }

    private void Grow()
    {
        _buckets = new int[_buckets.Length * 2];
        var entries = CollectionsMarshal.AsSpan(_entries);
        for (int id = 1; id < entries.Length; id++)
        {
            int bucket = (int)(entries[id].Hash & (uint)(_buckets.Length - 1));
            entries[id] = entries[id] with { Next = _buckets[bucket] };
            _buckets[bucket] = id;
        }
    }

    private static ReadOnlySpan<byte> Span(in Entry entry) => entry.Chunk.AsSpan(entry.Offset, entry.Length);

    private static uint Hash(ReadOnlySpan<byte> text)
    {
        // Seeded per process: names come from the file, and an attacker must not be able to choose collisions.
        var hash = default(HashCode);
        hash.AddBytes(text);
        return unchecked((uint)hash.ToHashCode());
    }

    private readonly record struct Entry(byte[] Chunk, int Offset, int Length, uint Hash, int Next);
}
