using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

/// <summary>
/// The bound of docs/symcache-format.md, "Memory", on a source that streams more rows than the build may hold.
/// Live memory is the whole process's: nothing else may run beside this test.
/// </summary>
[Collection(nameof(RunsAlone))]
public sealed class MemoryTests
{
    private const int Functions = 1_000;
    private const int RowsEach = 1_000;

    [Fact]
    public void Rows_go_through_a_temporary_file_and_memory_stays_below_the_stated_bound()
    {
        string folder = Directory.CreateTempSubdirectory("symcache-").FullName;
        var session = new StreamingSession();
        var file = new StreamingObject(session);
        using var output = new CountingStream();
        long before = LiveBytes();
        int spilled = 0;
        session.AtEnd = () =>
        {
            session.LiveBytes = LiveBytes() - before;
            spilled = Directory.GetFiles(folder).Length;
        };

        var report = SymCacheBuilder.Build(
            file, output, new SymCacheOptions { SpillDirectory = folder }, ParseLimits.Default, CancellationToken.None);

        Assert.Equal(1, spilled);
        Assert.Equal(Functions * RowsEach, report.Rows - 1);
        Assert.InRange(report.SpilledBytes, 4L * Functions * RowsEach, 10L * Functions * RowsEach);
        Assert.True(session.LiveBytes <= report.PeakBytes, $"{session.LiveBytes} bytes live, {report.PeakBytes} stated");

        // 1 million rows, 48 bytes each as objects: far more than what the build says it needs.
        Assert.InRange(report.PeakBytes, 1, 24L << 20);
        Assert.Equal(report.BytesOut, output.Length);
        Assert.Empty(Directory.GetFiles(folder));
        Directory.Delete(folder);
    }

    /// <summary>Without what earlier tests left for their finalizers.</summary>
    private static long LiveBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Makes each function when it is asked for.</summary>
    private sealed class StreamingSession : IDebugSession
    {
        private int _next;

        public InternPool Names { get; set; } = new();

        public Action AtEnd { get; set; } = () => { };

        public long LiveBytes { get; set; }

        public bool TryReadNext(FunctionBuffer into)
        {
            into.Clear();
            if (_next == Functions)
            {
                AtEnd();
                return false;
            }

            ulong start = (ulong)_next * 0x10000;
            into.Name = Names.Intern(System.Text.Encoding.ASCII.GetBytes($"function{_next}"));
            into.Ranges.Add(new AddressRange(start, start + 0x10000));
            var path = Names.InternFile(new FilePath(default, default, Names.Intern("a.c"u8)));
            for (uint i = 0; i < RowsEach; i++)
            {
                into.Lines.Add(new LineRow(start + (i * 16UL), path, 1 + (i * 7919 % 50_000)));
            }

            _next++;
            return true;
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    private sealed class StreamingObject(StreamingSession session) : IObjectFile
    {
        public FileFormat Format => FileFormat.Elf;

        public ObjectKind Kind => ObjectKind.Debug;

        public Arch Arch => Arch.Amd64;

        public CodeId? CodeId => null;

        public DebugId? DebugId => null;

        public string? Name => null;

        public ulong ImageBase => 0;

        public ulong ImageSize => 0;

        public ObjectFeatures Features => ObjectFeatures.DebugInfo;

        public bool IsMalformed => false;

        public FaultLog Faults { get; } = new();

        public IReadOnlyList<ObjectLink> Links => [];

        public ISymbolCursor OpenSymbols(InternPool names) => new FakeObjectFile().OpenSymbols(names);

        public IDebugSession OpenDebugSession(InternPool names)
        {
            session.Names = names;
            return session;
        }

        public IUnwindTable? OpenUnwindTable() => null;

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    /// <summary>Forward only, as a socket is.</summary>
    private sealed class CountingStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => _length += count;

        public override void Write(ReadOnlySpan<byte> buffer) => _length += buffer.Length;

        public override void Flush()
        {
            // Nothing is buffered.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
