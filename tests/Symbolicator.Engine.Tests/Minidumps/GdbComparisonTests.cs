using System.Globalization;
using System.Text.Json;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.Engine.Tests.Minidumps;

/// <summary>
/// Real crashes, frame by frame against gdb, which has unwind information of the system libraries; we have that of the
/// program alone.
/// </summary>
public sealed class GdbComparisonTests
{
    /// <summary>What scanning libraries without unwind information takes for a return address, by program.</summary>
    private static readonly Dictionary<string, ulong[]> Leftovers = new()
    {
        // The first addresses of functions of libc: two without a name, start_thread.
        ["cpp-x64"] = [0x7fff_f7aa_8b90, 0x7fff_f7aa_6360, 0x7fff_f7aa_6ef0],

        // Words in the large frame of std::rt: a function of libstd, two places in libc; start_thread.
        ["rust-x64"] = [0x7fff_f7f5_bfa0, 0x7fff_f7d8_4f01, 0x7fff_f7d2_5f5f, 0x7fff_f7d1_5ef0],
        ["cpp-arm64"] = [],
    };

    /// <summary>Every thread: nothing that gdb lacks, and all of the program that gdb has, in its order.</summary>
    [Theory]
    [InlineData("cpp-x64", "breakpad")]
    [InlineData("cpp-x64", "crashpad")]
    [InlineData("rust-x64", "breakpad")]
    [InlineData("rust-x64", "crashpad")]
    [InlineData("cpp-arm64", "breakpad")]
    [InlineData("cpp-arm64", "crashpad")]
    public async Task No_frame_contradicts_gdb(string crash, string writer)
    {
        var response = await Process($"{crash}.{writer}");
        Assert.NotEmpty(response.Stacktraces);
        foreach (var thread in response.Stacktraces)
        {
            var gdb = new Queue<GdbFrame>(GdbFrames(crash, thread.ThreadId!.Value));
            bool isMain = gdb.Last().Functions[^1] == "main";
            foreach (var frame in thread.Frames.GroupBy(f => f.OriginalIndex))
            {
                ulong address = frame.First().InstructionAddr;
                while (gdb.TryPeek(out var next) && !next.IsAt(address) && gdb.Any(g => g.IsAt(address)))
                {
                    Assert.False(next.Module == crash && next.Places.Count > 0, $"{thread.ThreadId}: {next} is missing");
                    gdb.Dequeue();
                }

                if (gdb.TryPeek(out var same) && same.IsAt(address))
                {
                    gdb.Dequeue();
                    AssertSame(same, [.. frame], crash);
                    continue;
                }

                // gdb ends below main, the walk at _start.
                bool isStart = isMain && gdb.Count == 0 && frame.Last() is { Function: "_start" } or { Package: "/lib/libc.so.6" or "/usr/lib/x86_64-linux-gnu/libc.so.6" };
                Assert.True(isStart || Leftovers[crash].Contains(address), $"{thread.ThreadId}: {address:x} is no frame");
            }

            Assert.DoesNotContain(gdb, g => g.Module == crash && g.Places.Count > 0);
        }
    }

    /// <summary>
    /// The thread that crashed, to the last frame of gdb. The other threads wait in system libraries that keep no frame
    /// pointers: without unwind information of those there is no right way through them on 32-bit CPUs.
    /// </summary>
    [Theory]
    [InlineData("cpp-x86", "breakpad", "Cfi")]
    [InlineData("cpp-x86", "crashpad", "Cfi")]
    [InlineData("cpp-arm", "breakpad", "Cfi")]
    [InlineData("cpp-arm", "crashpad", "Cfi")]
    public async Task Crashed_threads_of_32_bit_programs_are_those_of_gdb(string crash, string writer, string trust)
    {
        var response = await Process($"{crash}.{writer}");
        var thread = Assert.Single(response.Stacktraces, t => t.IsRequesting == true);
        var gdb = GdbFrames(crash, thread.ThreadId!.Value);
        var ours = thread.Frames.GroupBy(f => f.OriginalIndex).ToList();
        Assert.Equal(gdb.Count, ours.Count);
        foreach (var (expected, frame) in gdb.Zip(ours))
        {
            Assert.True(expected.IsAt(frame.First().InstructionAddr), $"{frame.First().InstructionAddr:x}: {expected}");
            AssertSame(expected, [.. frame], crash);
            Assert.True(expected.Module != crash || frame.Key == 0 || frame.Last().Trust.ToString() == trust, $"{expected}: {frame.Last().Trust}");
        }
    }

    /// <summary>Files, lines and inline depth of frames of the program, and names where gdb tells the raw ones.</summary>
    private static void AssertSame(GdbFrame expected, SymbolicatedFrame[] ours, string crash)
    {
        if (expected.Module != crash || expected.Places.Count == 0)
        {
            return;
        }

        Assert.Equal(expected.Places, ours.Select(f => $"{f.Filename}:{f.Lineno}"));
        for (int i = 0; i < ours.Length; i++)
        {
            string name = expected.Functions[i];
            Assert.True(!name.StartsWith("_Z", StringComparison.Ordinal) || name == ours[i].Symbol, $"{expected}: {ours[i].Symbol}");
        }
    }

    private static List<GdbFrame> GdbFrames(string crash, ulong threadId)
    {
        using var oracle = JsonDocument.Parse(Fixture.Bytes($"oracle/{crash}.gdb.json"));
        var thread = oracle.RootElement.GetProperty("threads").EnumerateArray().First(t => t.GetProperty("tid").GetUInt64() == threadId);
        var frames = new List<GdbFrame>();
        bool inlined = false;
        foreach (var entry in thread.GetProperty("frames").EnumerateArray())
        {
            ulong pc = ulong.Parse(entry.GetProperty("pc").GetString()!.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (!inlined)
            {
                frames.Add(new GdbFrame(pc, entry.GetProperty("module").GetString()!, [], []));
            }

            inlined = entry.GetProperty("inline").GetBoolean();
            string? linkage = entry.GetProperty("linkage").GetString();
            bool isRaw = linkage?.StartsWith("_Z", StringComparison.Ordinal) == true;
            frames[^1].Functions.Add((isRaw ? linkage : entry.GetProperty("function").GetString()) ?? "");
            if (entry.GetProperty("debug").GetBoolean() && entry.GetProperty("file").GetString() is { } file)
            {
                frames[^1].Places.Add($"{Path.GetFileName(file)}:{entry.GetProperty("line").GetInt32()}");
            }
        }

        return frames;
    }

    private static async Task<CompletedResponse> Process(string dump)
    {
        var cpu = new InlineCpuScheduler();
        using var store = new FolderObjectStore(cpu, ParseLimits.Default);
        using var bytes = new MemoryFileBytes(Fixture.Bytes($"minidump/{dump}.dmp"));
        var job = new MinidumpJob { Sources = [new FolderSymbolSource("folder", Fixture.Path("symbols"), FolderSymbolSource.UsualLayouts)] };
        var response = await new MinidumpProcessor(cpu, store, static (_, _) => null)
            .ProcessAsync(bytes, job, TestContext.Current.CancellationToken);
        return Assert.IsType<CompletedResponse>(response);
    }

    /// <summary>A physical frame, innermost inlined function first.</summary>
    private sealed record GdbFrame(ulong Pc, string Module, List<string> Functions, List<string> Places)
    {
        /// <summary>Frames with symbols are answered with an address in the call before the return address.</summary>
        public bool IsAt(ulong address) => Pc - address <= 4;

        public override string ToString() => $"{Pc:x} {string.Join(" < ", Functions)} {string.Join(" < ", Places)}";
    }
}
