using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>A range of pages (MINIDUMP_MEMORY_INFO); state, protection and kind are those of VirtualQuery.</summary>
public readonly record struct MemoryInfo(
    ulong Address, ulong AllocationBase, uint AllocationProtection, ulong Size, uint State, uint Protection, uint Kind)
{
    private const uint Committed = 0x1000; // MEM_COMMIT
    private const uint Executable = 0x10 | 0x20 | 0x40 | 0x80; // PAGE_EXECUTABLE, _READ, _READWRITE, _WRITECOPY

    /// <summary>Code can run here.</summary>
    public bool IsExecutable => State == Committed && (Protection & Executable) != 0;
}

/// <summary>A module that was there once (MINIDUMP_UNLOADED_MODULE); others may overlap it.</summary>
public sealed record UnloadedModule(ulong Address, uint Size, uint Timestamp, string? Name);

/// <summary>Times and state of a thread (MINIDUMP_THREAD_INFO), 100 ns units.</summary>
public readonly record struct ThreadInfo(
    uint ThreadId, uint DumpFlags, uint DumpError, uint ExitStatus, ulong CreateTime, ulong ExitTime, ulong KernelTime,
    ulong UserTime, ulong StartAddress, ulong Affinity);

/// <summary>An open handle (MINIDUMP_HANDLE_DESCRIPTOR and its second version).</summary>
public sealed record HandleInfo(ulong Handle, string? TypeName, string? ObjectName, uint Attributes, uint GrantedAccess);

/// <summary>Lists whose header states the size of an entry, which newer writers may enlarge.</summary>
internal static class ProcessLists
{
    public static List<MemoryInfo> ReadMemoryInfo(ref ByteReader reader, MinidumpSource source)
    {
        int count = StreamList.ReadExtendedCount(
            ref reader, wideCount: true, knownEntrySize: 48, source.Limits.MemoryRegions, out int stride);
        var list = new List<MemoryInfo>(count);
        for (int i = 0; i < count; i++)
        {
            int start = reader.Position;
            ulong address = reader.ReadU64();
            ulong allocation = reader.ReadU64();
            uint allocationProtection = reader.ReadU32();
            reader.Skip(4);
            ulong size = reader.ReadU64();
            list.Add(new MemoryInfo(
                address, allocation, allocationProtection, size, reader.ReadU32(), reader.ReadU32(), reader.ReadU32()));
            reader.Seek((ulong)(start + stride));
        }

        return list;
    }

    public static List<UnloadedModule> ReadUnloadedModules(ref ByteReader reader, MinidumpSource source)
    {
        int count = StreamList.ReadExtendedCount(
            ref reader, wideCount: false, knownEntrySize: 24, source.Limits.Modules, out int stride);
        var list = new List<UnloadedModule>(count);
        for (int i = 0; i < count; i++)
        {
            int start = reader.Position;
            ulong address = reader.ReadU64();
            uint size = reader.ReadU32();
            reader.Skip(4); // CheckSum
            uint timestamp = reader.ReadU32();
            uint nameRva = reader.ReadU32();
            list.Add(new UnloadedModule(address, size, timestamp, source.ReadUtf16(nameRva, "unloaded module name")));
            reader.Seek((ulong)(start + stride));
        }

        return list;
    }

    public static List<ThreadInfo> ReadThreadInfo(ref ByteReader reader, MinidumpSource source)
    {
        int count = StreamList.ReadExtendedCount(
            ref reader, wideCount: false, knownEntrySize: 64, source.Limits.Threads, out int stride);
        var list = new List<ThreadInfo>(count);
        for (int i = 0; i < count; i++)
        {
            int start = reader.Position;
            list.Add(new ThreadInfo(
                reader.ReadU32(), reader.ReadU32(), reader.ReadU32(), reader.ReadU32(), reader.ReadU64(), reader.ReadU64(),
                reader.ReadU64(), reader.ReadU64(), reader.ReadU64(), reader.ReadU64()));
            reader.Seek((ulong)(start + stride));
        }

        return list;
    }

    public static List<HandleInfo> ReadHandles(ref ByteReader reader, MinidumpSource source)
    {
        int count = StreamList.ReadExtendedCount(
            ref reader, wideCount: false, knownEntrySize: 32, source.Limits.Handles, out int stride);
        var list = new List<HandleInfo>(count);
        for (int i = 0; i < count; i++)
        {
            int start = reader.Position;
            ulong handle = reader.ReadU64();
            uint typeRva = reader.ReadU32();
            uint nameRva = reader.ReadU32();
            list.Add(new HandleInfo(
                handle,
                typeRva == 0 ? null : source.ReadUtf16(typeRva, "handle type"),
                nameRva == 0 ? null : source.ReadUtf16(nameRva, "handle name"),
                reader.ReadU32(),
                reader.ReadU32()));
            reader.Seek((ulong)(start + stride));
        }

        return list;
    }
}
