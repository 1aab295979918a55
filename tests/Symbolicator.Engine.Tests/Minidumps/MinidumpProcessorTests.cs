using System.Text.Json;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind;
using Symbolicator.TestKit;
using FrameTrust = Symbolicator.Engine.Contracts.FrameTrust;
using WalkTrust = Symbolicator.Formats.Unwind.FrameTrust;

namespace Symbolicator.Engine.Tests.Minidumps;

/// <summary>Dumps of real crashes; what gdb says of the same core files is the expectation.</summary>
public sealed class MinidumpProcessorTests
{
    [Theory]
    [InlineData("cpp-x64", "breakpad")]
    [InlineData("cpp-x64", "crashpad")]
    [InlineData("rust-x64", "breakpad")]
    [InlineData("rust-x64", "crashpad")]
    [InlineData("cpp-arm64", "breakpad")]
    [InlineData("cpp-arm64", "crashpad")]
    public async Task Threads_have_the_frames_that_gdb_shows(string crash, string writer)
    {
        var response = await Process($"{crash}.{writer}");
        var crashed = Assert.Single(response.Stacktraces, t => t.IsRequesting == true);
        var expected = GdbFrames(crash, crashed.ThreadId!.Value);

        Assert.NotEmpty(expected);
        Assert.Equal(expected.Select(f => f.Place), Frames(crashed, crash).Select(f => f.Place));
        foreach (var (ours, gdb) in Frames(crashed, crash).Zip(expected))
        {
            Assert.True(gdb.Name is null || gdb.Name == ours.Name, $"{gdb}: {ours}");
        }

        Assert.Equal(FrameTrust.Context, crashed.Frames[0].Trust);

        // Without unwind information of the system libraries, scanning may find other frames between those of gdb.
        foreach (var thread in response.Stacktraces)
        {
            var ours = new Queue<string>(Frames(thread, crash).Select(f => f.Place));
            foreach (var (place, _) in GdbFrames(crash, thread.ThreadId!.Value))
            {
                bool found = false;
                while (!found && ours.TryDequeue(out string? next))
                {
                    found = next == place;
                }

                Assert.True(found, $"{thread.ThreadId}: {place}");
            }
        }
    }

    [Fact]
    public async Task The_answer_describes_process_and_modules()
    {
        var response = await Process("cpp-x64.breakpad");

        Assert.True(response.Crashed);
        Assert.Equal("SIGSEGV / SEGV_MAPERR / 0x45", response.CrashReason);
        Assert.Equal("", response.Assertion);
        Assert.Null(response.Signal);
        Assert.Equal(("Linux", Arch.Amd64, ""), (response.SystemInfo!.OsName, response.SystemInfo.CpuArch, response.SystemInfo.DeviceModel));
        Assert.Equal(1_700_000_000, response.Timestamp);
        Assert.Equal(4, response.Stacktraces.Count);
        Assert.Equal(3, response.Stacktraces.Count(t => t.IsRequesting == false));
        var registers = response.Stacktraces[0].Registers!;
        Assert.Equal(17, registers.Count);
        Assert.Equal(response.Stacktraces[0].Frames[0].InstructionAddr, registers["rip"]);

        var program = response.Modules[0];
        Assert.Equal(ObjectType.Elf, program.Type);
        Assert.Equal("ea0f55d3656db59a481d7f4fd99ea34951cf6f84", program.CodeId?.Hex);
        Assert.Equal((ModuleStatus.Found, (ModuleStatus?)ModuleStatus.Found), (program.DebugStatus, program.UnwindStatus));
        Assert.Equal(Arch.Amd64, program.Arch);
        Assert.True(program.Features is { HasDebugInfo: true, HasSymbols: true, HasUnwindInfo: true });
        Assert.Equal(response.Modules.Select(m => m.ImageAddr).Order(), response.Modules.Select(m => m.ImageAddr));
        Assert.Contains(response.Modules, m => m.UnwindStatus == ModuleStatus.Missing);
        Assert.All(response.Modules, m => Assert.Null(m.Candidates));
    }

    [Fact]
    public async Task Candidates_tell_where_files_were_looked_for_and_what_they_were_used_for()
    {
        var response = await Process("cpp-x64.breakpad", job => job with { DifCandidates = true });
        var used = response.Modules[0].Candidates!.Where(c => c.Download.Status == DownloadStatus.Ok).ToArray();

        Assert.Equal(2, used.Length);
        Assert.EndsWith("/ea/0f55d3656db59a481d7f4fd99ea34951cf6f84/debuginfo", used[0].Location, StringComparison.Ordinal);
        Assert.Equal((UseStatus.Ok, null), (used[0].Debug?.Status, used[0].Unwind?.Status));
        Assert.EndsWith("/ea/0f55d3656db59a481d7f4fd99ea34951cf6f84/executable", used[1].Location, StringComparison.Ordinal);
        Assert.Equal((null, UseStatus.Ok), (used[1].Debug?.Status, used[1].Unwind?.Status));
    }

    [Fact]
    public async Task Without_any_source_frames_are_missing_and_keep_return_addresses()
    {
        var response = await Process("cpp-x64.breakpad", job => job with { Sources = [] });
        var thread = Assert.Single(response.Stacktraces, t => t.IsRequesting == true);

        Assert.Equal(FrameStatus.Missing, thread.Frames[0].Status);
        Assert.Equal(ModuleStatus.Missing, response.Modules[0].DebugStatus);
        Assert.Equal(ModuleStatus.Missing, response.Modules[0].UnwindStatus);
        Assert.All(thread.Frames.Skip(1), f => Assert.NotEqual(FrameTrust.Cfi, f.Trust));
    }

    [Fact]
    public async Task The_first_module_is_looked_for_by_its_rewritten_name_and_shown_by_its_own()
    {
        var store = new ScriptedStore();
        var rules = RewriteRules.Compile([new RewriteRule { From = "^(.*/)?cpp-(?P<cpu>.*)$", To = "renamed-$cpu" }]);
        var response = await Process(
            "cpp-x64.breakpad", job => job with { Sources = [new ScriptedSource("s", FileType.ElfDebug)], RewriteFirstModule = rules }, store);

        Assert.Contains("s mem://renamed-x64/elf_debug", store.Asked);
        Assert.DoesNotContain(store.Asked, asked => asked.Contains("/cpp-x64/", StringComparison.Ordinal));
        Assert.EndsWith("cpp-x64", response.Modules[0].DebugFile, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_leases_are_given_back()
    {
        var store = new ScriptedStore();
        store.Files["mem://" + Program("cpp-x64") + "/elf_debug"] = new ScriptedFile(ObjectStatus.Found)
        {
            Features = ObjectFeatures.DebugInfo | ObjectFeatures.UnwindInfo,
        };
        await Process("cpp-x64.breakpad", job => job with { Sources = [new ScriptedSource("s", FileType.ElfDebug)] }, store);

        Assert.Equal(2, store.Converted.Count);
        Assert.Equal(0, store.OpenLeases);
    }

    [Theory]
    [InlineData("", "Missing minidump header (empty minidump?)")]
    [InlineData("MZ this is no dump, it is quite another kind of file", "Header mismatch")]
    public async Task What_is_no_dump_fails_with_its_reason(string content, string message)
    {
        var store = new ScriptedStore();
        using var bytes = new MemoryFileBytes(System.Text.Encoding.ASCII.GetBytes(content));

        var response = await new MinidumpProcessor(new InlineCpuScheduler(), store, static (_, _) => null)
            .ProcessAsync(bytes, new MinidumpJob { Sources = [] }, TestContext.Current.CancellationToken);

        Assert.Equal(message, Assert.IsType<FailedResponse>(response).Message);
    }

    [Theory]
    [InlineData(255, 255)]
    [InlineData(256, 256)]
    [InlineData(257, 256)]
    public void Threads_are_cut_to_256_frames_from_the_top(int walked, int expected)
    {
        using var bytes = new MemoryFileBytes(Fixture.Bytes("minidump/cpp-x64.breakpad.dmp"));
        using var dump = MinidumpFile.Open(bytes, ParseLimits.Default);
        RawFrame[] frames = [.. Enumerable.Range(0, walked).Select(i => new RawFrame((ulong)i, (ulong)i, 0, -1, WalkTrust.Scan, false))];

        var thread = new MinidumpProcess(dump).ToFrames(dump.Threads[0], new WalkedThread(1, frames, WalkEnd.FrameLimit, []));

        Assert.Equal(expected, thread.Frames.Count);
        Assert.Equal(0u, thread.Frames[0].InstructionAddr);
    }

    [Fact]
    public async Task A_stack_walked_by_the_process_takes_the_place_of_ours()
    {
        var builder = new MinidumpBuilder();
        builder.System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux)
            .Threads(
                new MinidumpBuilder.Thread(1, builder.Amd64Context(0x400010, 0x7000), 0x7000, new byte[64]),
                new MinidumpBuilder.Thread(2, builder.Amd64Context(0x400020, 0x8000), 0x8000, new byte[64]))
            .Modules(new MinidumpBuilder.Module(0x400000, 0x1000, "/bin/app"))
            .Stream(0x5379_0001, b => b
                .U32(1).U32(1).U32(2).U32(4) // version, threads, frames, bytes of symbols
                .U32(2).U32(0).U32(2).U32(0) // thread 2 has frames 0 and 1; padding
                .U64(0x400030).U32(0).U32(4)
                .U64(0x400041).U32(0).U32(0)
                .Text("main"));
        using var bytes = new MemoryFileBytes(builder.Build());
        using var dump = MinidumpFile.Open(bytes, ParseLimits.Default);
        var process = new MinidumpProcess(dump);
        var walk = Assert.IsType<WalkOutcome.Completed>(
            process.CreateWalker(new MinidumpJob { Sources = [] }).Advance(NoTables(), TestContext.Current.CancellationToken));

        var response = Assert.IsType<CompletedResponse>(
            await new MinidumpProcessor(new InlineCpuScheduler(), new ScriptedStore(), static (_, _) => null)
                .ProcessAsync(bytes, new MinidumpJob { Sources = [] }, TestContext.Current.CancellationToken));

        Assert.Equal(FrameTrust.Context, response.Stacktraces[0].Frames[0].Trust);
        Assert.Equal(walk.Threads[0].Frames.Count, response.Stacktraces[0].Frames.Count);
        Assert.Equal(
            [(0x400030ul, "main", FrameTrust.Prewalked, "/bin/app"), (0x400041ul, "", FrameTrust.Prewalked, "/bin/app")],
            response.Stacktraces[1].Frames.Select(f => (f.InstructionAddr, f.Function!, f.Trust, f.Package!)));
        Assert.Equal(0x400020u, response.Stacktraces[1].Registers?["rip"]);

        static ModuleTables NoTables()
        {
            var tables = new ModuleTables();
            tables.SetUnwindTable(0, null);
            tables.SetSymbols(0, null);
            return tables;
        }
    }

    [Fact]
    public async Task A_cancelled_job_ends()
    {
        using var cancel = new CancellationTokenSource();
        var store = new ScriptedStore { Gate = new TaskCompletionSource().Task };
        var job = Process(
            "cpp-x64.breakpad", job => job with { Sources = [new ScriptedSource("s", FileType.ElfDebug)] }, store, cancel);
        Assert.NotEmpty(store.Asked);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job);
    }

    private static async Task<CompletedResponse> Process(
        string dump, Func<MinidumpJob, MinidumpJob>? change = null, IObjectStore? store = null, CancellationTokenSource? cancel = null)
    {
        var cpu = new InlineCpuScheduler();
        using var folders = new FolderObjectStore(cpu, ParseLimits.Default);
        var job = new MinidumpJob
        {
            Sources = [new FolderSymbolSource("folder", Fixture.Path("symbols"), FolderSymbolSource.UsualLayouts)],
        };
        using var bytes = new MemoryFileBytes(Fixture.Bytes($"minidump/{dump}.dmp"));
        var response = await new MinidumpProcessor(cpu, store ?? folders, static (_, _) => null)
            .ProcessAsync(bytes, change?.Invoke(job) ?? job, cancel?.Token ?? TestContext.Current.CancellationToken);
        return Assert.IsType<CompletedResponse>(response);
    }

    private static string Program(string crash)
    {
        using var bytes = new MemoryFileBytes(Fixture.Bytes($"minidump/{crash}.breakpad.dmp"));
        using var dump = MinidumpFile.Open(bytes, ParseLimits.Default);
        return dump.Modules[0].CodeFile!;
    }

    /// <summary>Frames of the program with a source file: place, and raw name.</summary>
    private static List<(string Place, string? Name)> Frames(SymbolicatedStacktrace thread, string crash)
    {
        var frames = new List<(string, string?)>();
        for (int i = 0; i < thread.Frames.Count; i++)
        {
            var frame = thread.Frames[i];
            bool inline = i + 1 < thread.Frames.Count && thread.Frames[i + 1].OriginalIndex == frame.OriginalIndex;
            if (frame is { Status: FrameStatus.Symbolicated, Filename: not null } && frame.Package!.EndsWith(crash, StringComparison.Ordinal))
            {
                frames.Add(($"{frame.Filename}:{frame.Lineno}{(inline ? " inline" : "")}", frame.Symbol));
            }
        }

        return frames;
    }

    /// <summary>The same by gdb; the name is null where gdb does not tell the raw one.</summary>
    private static List<(string Place, string? Name)> GdbFrames(string crash, ulong threadId)
    {
        using var oracle = JsonDocument.Parse(Fixture.Bytes($"oracle/{crash}.gdb.json"));
        var thread = oracle.RootElement.GetProperty("threads").EnumerateArray().First(t => t.GetProperty("tid").GetUInt64() == threadId);
        var frames = new List<(string, string?)>();
        foreach (var frame in thread.GetProperty("frames").EnumerateArray())
        {
            if (frame.GetProperty("debug").GetBoolean() && frame.GetProperty("module").GetString() == crash)
            {
                string file = Path.GetFileName(frame.GetProperty("file").GetString()!);
                string? linkage = frame.GetProperty("linkage").GetString();
                frames.Add((
                    $"{file}:{frame.GetProperty("line").GetInt32()}{(frame.GetProperty("inline").GetBoolean() ? " inline" : "")}",
                    linkage?.StartsWith("_Z", StringComparison.Ordinal) == true ? linkage : null));
            }
        }

        return frames;
    }
}
