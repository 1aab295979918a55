using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>
/// A minidump of any system and byte order. Only header, directory, system information and thread list must be
/// readable; every other stream is read once when it is first asked for, and damage to it costs nothing else: it is
/// then empty or null and <see cref="Faults"/> says why. Holds a lease of the bytes until disposed; safe to read from
/// several threads.
/// </summary>
public sealed partial class MinidumpFile : IDisposable
{
    private const string UnreadableStream = "Error reading stream";

    private readonly StreamDirectory _directory;
    private readonly MinidumpSource _source;
    private readonly List<MinidumpThread> _threads;
    private readonly Lazy<MinidumpMemory> _memory;
    private readonly Lock _lock = new();
    private readonly Dictionary<StreamType, object?> _streams = [];
    private readonly Lazy<MinidumpThread?> _requesting;
    private int _disposed;

    private MinidumpFile(FileBytes file, StreamDirectory directory, ParseLimits limits)
    {
        _directory = directory;
        _source = new MinidumpSource(file, directory.BigEndian, limits, Faults);
        System = ReadMandatory(StreamType.SystemInfo, "The system information stream was not found", SystemInfo.Read);
        bool extended = !directory.TryFind(StreamType.ThreadList, out _)
            && directory.TryFind(StreamType.ThreadExList, out _);
        _threads = ReadMandatory(
            extended ? StreamType.ThreadExList : StreamType.ThreadList, "The thread list stream was not found",
            (ref reader, source) => ThreadList.Read(ref reader, source, Cpu, extended));
        _memory = new(ReadMemory);
        _requesting = new(() => FindThread(Exception?.ThreadId) ?? FindThread(Breakpad?.RequestingThreadId));
    }

    private delegate T StreamReader<out T>(ref ByteReader reader, MinidumpSource source);

    /// <summary>What was skipped so far; grows as streams are read.</summary>
    public FaultLog Faults { get; } = new();

    public bool BigEndian => _directory.BigEndian;

    /// <summary>When the dump was written, seconds since 1970.</summary>
    public uint Timestamp => _directory.Timestamp;

    /// <summary>MINIDUMP_TYPE bits.</summary>
    public ulong Flags => _directory.Flags;

    public SystemInfo System { get; }

    /// <summary>CPU of the process as the system information states it.</summary>
    public CpuFamily Cpu => System.Arch.Family();

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<MinidumpThread> Threads => _threads;

    /// <summary>By address, without overlaps; empty when the stream is absent or damaged.</summary>
    public IReadOnlyList<MinidumpModule> Modules =>
        Once(StreamType.ModuleList, (ref reader, source) => ModuleList.Read(ref reader, source, System.Os)) ?? [];

    /// <summary>All memory in the dump, the stacks of the threads included.</summary>
    public MinidumpMemory Memory => _memory.Value;

    /// <summary>Null when the process did not crash or the stream is damaged.</summary>
    public ExceptionInfo? Exception =>
        Once(StreamType.Exception, (ref reader, source) => ExceptionInfo.Read(ref reader, source, Cpu));

    public BreakpadInfo? Breakpad => Once(StreamType.BreakpadInfo, BreakpadInfo.Read);

    /// <summary>
    /// The thread that crashed or asked for the dump: that of the exception, else the one that Breakpad names. Null when
    /// neither is a thread of the dump.
    /// </summary>
    public MinidumpThread? RequestingThread => _requesting.Value;

    /// <summary>
    /// Address that the crash is about: the one accessed where the system tells it, else that of the exception. 0 without
    /// an exception. Within 32 bits on 32-bit CPUs, where some writers sign-extend it.
    /// </summary>
    public ulong CrashAddress
    {
        get
        {
            if (Exception is not { } exception)
            {
                return 0;
            }

            ulong address = System.Os == MinidumpOs.Windows && WindowsReason.NamesAddress(exception)
                ? exception.Parameters[1]
                : exception.RawAddress;
            return Cpu.PointerSize() == 4 ? address & uint.MaxValue : address;
        }
    }

    /// <summary>Reason and address of the crash, <c>SIGSEGV / SEGV_MAPERR / 0x45</c>; empty when there was none.</summary>
    public string CrashSummary =>
        Exception is { } exception ? $"{CrashReason.Describe(System.Os, exception)} / 0x{CrashAddress:x}" : "";

    /// <exception cref="MalformedFileException">
    /// Header, directory, system information or thread list cannot be read; its detail is the text that the service
    /// answers with.
    /// </exception>
    public static MinidumpFile Open(FileBytes file, ParseLimits limits)
    {
        var directory = StreamDirectory.Read(file, limits);
        file.Retain();
        try
        {
            return new MinidumpFile(file, directory, limits);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The name of a thread, null when the dump has none.</summary>
    public string? ThreadName(uint threadId) =>
        Once(StreamType.ThreadNames, ThreadNames.Read)?.GetValueOrDefault(threadId);

    /// <summary>Registers to walk a thread from: those of the exception for the thread that crashed, else its own.</summary>
    public CpuContext? ContextOf(MinidumpThread thread) =>
        Exception?.Context is { } context && ReferenceEquals(RequestingThread, thread) ? context : thread.Context;

    /// <summary>True for a thread that only wrote the dump: its stack shows the writer, not the program.</summary>
    public bool IsDumpThread(MinidumpThread thread) =>
        Breakpad?.DumpThreadId == thread.Id && !ReferenceEquals(RequestingThread, thread);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _source.File.Dispose();
        }
    }

    private MinidumpThread? FindThread(uint? id) =>
        id is { } wanted ? _threads.Find(thread => thread.Id == wanted) : null;

    private MinidumpMemory ReadMemory()
    {
        var all = new List<MemoryRegion>();
        var some = new List<MemoryRegion>();
        var stacks = new List<MemoryRegion>();
        Read(StreamType.Memory64List, (ref reader, source) => MemoryLists.Read64(ref reader, source, all));
        Read(StreamType.MemoryList, (ref reader, source) => MemoryLists.Read(ref reader, source, some));
        MemoryLists.AddStacks(_threads, _source, stacks);
        return new MinidumpMemory(_source.File, BigEndian, all, some, stacks);
    }

    private T ReadMandatory<T>(StreamType type, string missing, StreamReader<T> read)
    {
        if (!_directory.TryFind(type, out var location) || location.Size == 0)
        {
            throw new MalformedFileException(
                FileFormat.Minidump, new ParseFault(MalformedReason.OutOfRange, MinidumpConstants.HeaderSize), missing);
        }

        if (!_source.TryReader(location, out var reader))
        {
            var fault = new ParseFault(MalformedReason.OutOfRange, _source.FaultOffset(location.Rva));
            throw new MalformedFileException(FileFormat.Minidump, fault, UnreadableStream);
        }

        var value = read(ref reader, _source);
        reader.ThrowIfFaulted(FileFormat.Minidump, UnreadableStream);
        return value;
    }

    /// <summary>As <see cref="Read"/>, and the answer is kept.</summary>
    private T? Once<T>(StreamType type, StreamReader<T> read) where T : class
    {
        lock (_lock)
        {
            if (!_streams.TryGetValue(type, out object? value))
            {
                value = Read(type, read);
                _streams.Add(type, value);
            }

            return (T?)value;
        }
    }

    /// <summary>Null when the dump has no such stream, or a damaged one, which is noted.</summary>
    private T? Read<T>(StreamType type, StreamReader<T> read) where T : class
    {
        if (!_directory.TryFind(type, out var location) || location.Size == 0)
        {
            return null;
        }

        if (!_source.TryReader(location, out var reader))
        {
            Faults.Add(new ParseFault(MalformedReason.OutOfRange, _source.FaultOffset(location.Rva)), $"{type} stream");
            return null;
        }

        var value = read(ref reader, _source);
        if (!reader.Fault.IsNone)
        {
            Faults.Add(reader.Fault, $"{type} stream");
            return null;
        }

        return value;
    }
}
