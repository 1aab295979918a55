using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>
/// The memory lists. A region whose bytes the file does not hold completely keeps those that it does (truncated dumps).
/// </summary>
internal static class MemoryLists
{
    private const int EntrySize = 16; // MINIDUMP_MEMORY_DESCRIPTOR and MINIDUMP_MEMORY_DESCRIPTOR64

    /// <summary>MINIDUMP_MEMORY_LIST.</summary>
    public static List<MemoryRegion> Read(ref ByteReader reader, MinidumpSource source, List<MemoryRegion> into)
    {
        int count = StreamList.ReadCount(ref reader, EntrySize, source.Limits.MemoryRegions);
        for (int i = 0; i < count; i++)
        {
            long at = reader.FileOffset;
            ulong address = reader.ReadU64();
            var location = Location.Read(ref reader);
            Add(address, location.Size, location.Rva, at, source, into);
        }

        return into;
    }

    /// <summary>MINIDUMP_MEMORY64_LIST: the bytes of all regions lie one behind the other.</summary>
    public static List<MemoryRegion> Read64(ref ByteReader reader, MinidumpSource source, List<MemoryRegion> into)
    {
        ulong declared = reader.ReadU64();
        ulong rva = reader.ReadU64();
        int count = reader.CheckCount(declared, EntrySize, source.Limits.MemoryRegions);
        for (int i = 0; i < count; i++)
        {
            long at = reader.FileOffset;
            ulong address = reader.ReadU64();
            ulong size = reader.ReadU64();
            Add(address, size, rva, at, source, into);
            if (size > ulong.MaxValue - rva)
            {
                reader.Fail(MalformedReason.OutOfRange);
                break;
            }

            rva += size;
        }

        return into;
    }

    public static void AddStacks(List<MinidumpThread> threads, MinidumpSource source, List<MemoryRegion> into)
    {
        foreach (var thread in threads)
        {
            if (!thread.StackLocation.IsEmpty)
            {
                var location = thread.StackLocation;
                Add(thread.StackStart, location.Size, location.Rva, source.FaultOffset(location.Rva), source, into);
            }
        }
    }

    private static void Add(
        ulong address, ulong size, ulong rva, long at, MinidumpSource source, List<MemoryRegion> into)
    {
        ulong length = (ulong)source.File.Length;
        if (size == 0)
        {
            return;
        }

        if (rva >= length || address > ulong.MaxValue - (size - 1))
        {
            source.Faults.Add(new ParseFault(MalformedReason.OutOfRange, at), "memory region");
            return;
        }

        if (size > length - rva)
        {
            source.Faults.Add(new ParseFault(MalformedReason.Truncated, at), "memory region");
            size = length - rva;
        }

        into.Add(new MemoryRegion(address, size, (long)rva));
    }
}
