using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>One thread (MINIDUMP_THREAD).</summary>
public sealed class MinidumpThread
{
    /// <summary>Position in the thread list.</summary>
    public required int Index { get; init; }

    public required uint Id { get; init; }

    /// <summary>Address of the thread environment block or thread-local storage, 0 when the writer left it out.</summary>
    public required ulong EnvironmentBlock { get; init; }

    /// <summary>Lowest address of the stack as described; it need not contain the stack pointer.</summary>
    public required ulong StackStart { get; init; }

    /// <summary>Bytes of stack described; 0 in dumps that hold all memory.</summary>
    public required uint StackSize { get; init; }

    /// <summary>Registers when the dump was written; null when they are absent or unreadable.</summary>
    public required CpuContext? Context { get; init; }

    internal Location StackLocation { get; init; }
}

/// <summary>Thread list streams.</summary>
internal static class ThreadList
{
    private const int EntrySize = 48; // MINIDUMP_THREAD
    private const int ExtendedEntrySize = 64; // MINIDUMP_THREAD_EX

    public static List<MinidumpThread> Read(ref ByteReader reader, MinidumpSource source, CpuFamily cpu, bool extended)
    {
        int entrySize = extended ? ExtendedEntrySize : EntrySize;
        int count = StreamList.ReadCount(ref reader, entrySize, source.Limits.Threads);
        var threads = new List<MinidumpThread>(count);
        for (int i = 0; i < count; i++)
        {
            uint id = reader.ReadU32();
            reader.Skip(4 + 4 + 4); // SuspendCount, PriorityClass, Priority
            ulong environment = reader.ReadU64();
            ulong stackStart = reader.ReadU64();
            var stack = Location.Read(ref reader);
            var context = Location.Read(ref reader);
            reader.Skip((ulong)(entrySize - EntrySize)); // BackingStore
            threads.Add(new MinidumpThread
            {
                Index = i,
                Id = id,
                EnvironmentBlock = environment,
                StackStart = stackStart,
                StackSize = stack.Size,
                StackLocation = stack,
                Context = context.IsEmpty ? null : source.ReadContext(context, cpu, "thread context"),
            });
        }

        return threads;
    }
}
