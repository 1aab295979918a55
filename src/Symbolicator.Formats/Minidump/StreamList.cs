using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>The two shapes of lists: a bare count, and a header that states its own size and that of an entry.</summary>
internal static class StreamList
{
    /// <summary>
    /// Reads a 32-bit count; the reader then stands at the first of that many entries. Writers that align the entries to
    /// eight bytes leave a gap of four, which only the size of the stream shows.
    /// </summary>
    public static int ReadCount(ref ByteReader reader, int entrySize, int limit)
    {
        int count = reader.ReadCount(entrySize, limit);
        if (reader.Fault.IsNone && reader.Remaining == (long)count * entrySize + sizeof(uint))
        {
            reader.Skip(sizeof(uint));
        }

        return count;
    }

    /// <summary>
    /// Reads a header with entry size and count. Entries may be larger than <paramref name="knownEntrySize"/> in newer
    /// versions: step by <paramref name="stride"/>.
    /// </summary>
    /// <param name="reader">At the start of the stream; afterwards at the first entry.</param>
    /// <param name="wideCount">The count has 64 bits (MINIDUMP_MEMORY_INFO_LIST).</param>
    /// <param name="knownEntrySize">Smallest entry that holds all fields we read.</param>
    /// <param name="limit">Most entries accepted.</param>
    /// <param name="stride">Bytes from one entry to the next.</param>
    public static int ReadExtendedCount(
        ref ByteReader reader, bool wideCount, int knownEntrySize, int limit, out int stride)
    {
        uint headerSize = reader.ReadU32();
        uint entrySize = reader.ReadU32();
        ulong count = wideCount ? reader.ReadU64() : reader.ReadU32();
        stride = 0;
        if (!reader.Fault.IsNone)
        {
            return 0;
        }

        if (headerSize < reader.Position || entrySize < knownEntrySize || entrySize > ushort.MaxValue)
        {
            reader.Fail(MalformedReason.BadValue);
            return 0;
        }

        reader.Seek(headerSize);
        stride = (int)entrySize;
        return reader.CheckCount(count, stride, limit);
    }
}
