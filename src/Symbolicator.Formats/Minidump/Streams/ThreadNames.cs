using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>The thread names stream (MINIDUMP_THREAD_NAME_LIST). A name that cannot be read is left out.</summary>
internal static class ThreadNames
{
    private const int EntrySize = 12; // MINIDUMP_THREAD_NAME, packed

    public static Dictionary<uint, string> Read(ref ByteReader reader, MinidumpSource source)
    {
        int count = StreamList.ReadCount(ref reader, EntrySize, source.Limits.Threads);
        var names = new Dictionary<uint, string>(count);
        for (int i = 0; i < count; i++)
        {
            uint thread = reader.ReadU32();
            ulong rva = reader.ReadU64();
            if (source.ReadUtf16(rva, "thread name") is { Length: > 0 } name)
            {
                names.TryAdd(thread, name);
            }
        }

        return names;
    }
}
