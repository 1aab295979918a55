using System.Buffers;
using System.Text;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Frames;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Symbolication;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Engine.Tests.Symbolication;

/// <summary>Module <c>app</c>: <c>work</c> at 0x100..0x180 with <c>inner</c> inlined at 0x140..0x150, symbol <c>_start</c> at 0x10.</summary>
public sealed class StackSymbolicatorTests
{
    private readonly ScriptedStore _store = new();

    public StackSymbolicatorTests()
    {
        var content = new FakeObjectFile();
        content.Functions.Add(new FakeFunction("_Z4workv", new AddressRange(0x100, 0x180))
        {
            Lines = [(0x100, "/src/app/work.c", 10), (0x120, "/src/app/work.c", 12), (0x140, "/src/inc/inner.h", 3), (0x150, "/src/app/work.c", 14)],
            Inlines = [new FakeInline(0, "_Z5innerv", "/src/app/work.c", 13, new AddressRange(0x140, 0x150))],
        });
        content.Symbols.Add(new FakeSymbol(0x10, 0x10, "_start"));
        _store.Files["mem://app/elf_debug"] = ScriptedFile.Debug(content);
    }

    [Fact]
    public async Task Inlined_calls_become_frames_innermost_first()
    {
        var frames = await Frames("""{"instruction_addr":"0x1144","platform":"native","trust":"context","in_app":true,"function":"x","lineno":7,"context_line":"c"}""");

        Assert.Equal(2, frames.Count);
        Assert.Equal(
            new SymbolicatedFrame
            {
                Status = FrameStatus.Symbolicated,
                OriginalIndex = 0,
                InstructionAddr = 0x1144,
                Platform = "native",
                Package = "/bin/app",
                Lang = SourceLanguage.Cpp,
                Symbol = "_Z5innerv",
                Function = "<_Z5innerv>",
                AbsPath = "/src/inc/inner.h",
                Filename = "inner.h",
                Lineno = 3,
                Trust = FrameTrust.Context,
            },
            frames[0]);
        Assert.Equal(
            new SymbolicatedFrame
            {
                Status = FrameStatus.Symbolicated,
                OriginalIndex = 0,
                InstructionAddr = 0x1144,
                Platform = "native",
                Package = "/bin/app",
                Lang = SourceLanguage.Cpp,
                Symbol = "_Z4workv",
                Function = "<_Z4workv>",
                SymAddr = 0x1100,
                AbsPath = "/src/app/work.c",
                Filename = "work.c",
                Lineno = 13,
                Trust = FrameTrust.Context,
            },
            frames[1]);
    }

    [Fact]
    public async Task Callers_are_looked_up_at_the_call()
    {
        var frames = await Frames("""{"instruction_addr":"0x1120"}""", """{"instruction_addr":"0x1120"}""", """{"instruction_addr":"0x1150"}""");

        Assert.Equal([12u, 10u, 3u, 13u], frames.Select(f => f.Lineno));
        Assert.Equal([0x1120u, 0x111fu, 0x114fu, 0x114fu], frames.Select(f => f.InstructionAddr));
        Assert.Equal([0, 1, 2, 2], frames.Select(f => f.OriginalIndex));
    }

    [Fact]
    public async Task Explicit_hints_decide_and_change_the_default_of_the_whole_thread()
    {
        var frames = await Frames(
            """{"instruction_addr":"0x1120"}""", """{"instruction_addr":"0x1120","adjust_instruction_addr":false}""",
            """{"instruction_addr":"0x1120","adjust_instruction_addr":true}""");

        Assert.Equal([10u, 12u, 10u], frames.Select(f => f.Lineno));
        Assert.Equal([null, false, true], frames.Select(f => f.AdjustInstructionAddr));
    }

    [Fact]
    public async Task A_fault_elsewhere_makes_the_first_frame_a_caller()
    {
        const string Thread = """{"registers":{"rip":"0x9"},"frames":[{"instruction_addr":"0x1120"}]}""";

        Assert.Equal(10u, Assert.Single((await Answer(Thread, """ "signal":11, """)).Stacktraces[0].Frames).Lineno);
        Assert.Equal(12u, Assert.Single((await Answer(Thread, """ "signal":6, """)).Stacktraces[0].Frames).Lineno);
    }

    [Fact]
    public async Task A_call_that_ends_an_image_belongs_to_it()
    {
        var frames = await Frames("""{"instruction_addr":"0x1"}""", """{"instruction_addr":"0x2000"}""", """{"instruction_addr":"0x2001"}""");

        Assert.Equal([FrameStatus.UnknownImage, FrameStatus.MissingSymbol, FrameStatus.UnknownImage], frames.Select(f => f.Status));
        Assert.Equal([null, "/bin/app", null], frames.Select(f => f.Package));
        Assert.Equal([0x1u, 0x2000u, 0x2001u], frames.Select(f => f.InstructionAddr));
    }

    [Fact]
    public async Task Program_counters_at_the_start_of_an_image_belong_to_it_even_when_another_image_ends_there()
    {
        const string Modules =
            """
            [{"type":"elf","code_file":"below","image_addr":"0xf00","image_size":256},
             {"type":"elf","code_file":"/bin/app","debug_file":"app","image_addr":"0x1000","image_size":4096}]
            """;
        const string Counter = """{"frames":[{"instruction_addr":"0x1120"},{"instruction_addr":"0x1000","trust":"context"}]}""";
        const string Caller = """{"registers":{"rip":"0x9"},"frames":[{"instruction_addr":"0x1000"}]}""";

        Assert.Equal("/bin/app", (await Answer(Counter, modules: Modules)).Stacktraces[0].Frames[^1].Package);
        Assert.Equal("below", (await Answer(Counter.Replace("context", "cfi", StringComparison.Ordinal), modules: Modules)).Stacktraces[0].Frames[^1].Package);

        // The first frame of a thread that faulted elsewhere is a caller.
        Assert.Equal("below", (await Answer(Caller, """ "signal":11, """, Modules)).Stacktraces[0].Frames[0].Package);
        Assert.Equal("/bin/app", (await Answer(Caller, """ "signal":6, """, Modules)).Stacktraces[0].Frames[0].Package);
    }

    [Fact]
    public async Task A_caller_at_the_start_of_an_image_has_no_symbol()
    {
        var frames = await Frames("""{"instruction_addr":"0x1110"}""", """{"instruction_addr":"0x1000"}""");

        Assert.Equal(FrameStatus.MissingSymbol, frames[1].Status);
        Assert.Equal(0x1000u, frames[1].InstructionAddr);
    }

    [Fact]
    public async Task Frames_without_symbols_are_echoed_and_get_the_module()
    {
        var frame = Assert.Single(await Frames(
            """
            {"instruction_addr":"0x1800","package":"client","lang":"rust","symbol":"s","function":"f","filename":"n","abs_path":"p","lineno":4,
             "pre_context":["a"],"context_line":"b","post_context":["c"],"source_link":"l","in_app":false,"sym_addr":"0x3","trust":"cfi",
             "vars":{"x":1}}
            """));

        Assert.Equal(FrameStatus.MissingSymbol, frame.Status);
        Assert.Equal("/bin/app", frame.Package);
        Assert.Equal(
            ("s", "f", "n", "p", 4u, "b", "l", false, 3ul, FrameTrust.Cfi, SourceLanguage.Rust, 1),
            (frame.Symbol, frame.Function, frame.Filename, frame.AbsPath, frame.Lineno, frame.ContextLine, frame.SourceLink, frame.InApp,
                frame.SymAddr, frame.Trust, frame.Lang, frame.Vars?["x"].GetInt32()));
        Assert.Equal(["a"], frame.PreContext);
        Assert.Equal(["c"], frame.PostContext);
    }

    [Fact]
    public async Task A_clients_only_name_is_taken_as_mangled()
    {
        var frames = await Frames(
            """{"instruction_addr":"0x1","function":"_Zf"}""", """{"instruction_addr":"0x1","symbol":"_Zs"}""",
            """{"instruction_addr":"0x1","function":"_Zf","symbol":"_Zs"}""", """{"instruction_addr":"0x1","function":"plain"}""");

        Assert.Equal(
            [("_Zf", "<_Zf>"), ("_Zs", "<_Zs>"), ("_Zs", "_Zf"), (null, "plain")],
            frames.Select(f => (f.Symbol, f.Function)));
    }

    [Theory]
    [InlineData(ObjectStatus.NotFound, FrameStatus.Missing)]
    [InlineData(ObjectStatus.Denied, FrameStatus.Missing)]
    [InlineData(ObjectStatus.TimedOut, FrameStatus.Missing)]
    [InlineData(ObjectStatus.Unsupported, FrameStatus.Missing)]
    [InlineData(ObjectStatus.Internal, FrameStatus.Missing)]
    [InlineData(ObjectStatus.Malformed, FrameStatus.Malformed)]
    [InlineData(ObjectStatus.TooLarge, FrameStatus.Malformed)]
    public async Task Without_a_debug_file_the_frame_tells_why(ObjectStatus status, FrameStatus expected)
    {
        _store.Files["mem://app/elf_debug"] = new(status);

        // Scanned frames are kept here: nothing shows them to be wrong.
        var frame = Assert.Single(await Frames("""{"instruction_addr":"0x1144","trust":"scan"}"""));

        Assert.Equal(expected, frame.Status);
        Assert.Equal("/bin/app", frame.Package);
    }

    [Fact]
    public async Task Scanned_frames_that_prove_wrong_are_dropped()
    {
        var frames = await Frames(
            """{"instruction_addr":"0x1144","trust":"scan"}""", """{"instruction_addr":"0x1800","trust":"scan"}""",
            """{"instruction_addr":"0x9000","trust":"scan"}""", """{"instruction_addr":"0x1800","trust":"cfiscan"}""");

        Assert.Equal([0, 0, 3], frames.Select(f => f.OriginalIndex));
    }

    [Fact]
    public async Task What_lies_above_the_process_entry_is_dropped()
    {
        _store.Files["mem://app/elf_debug"].Content.Symbols.Add(new FakeSymbol(0x30, 0x10, "other"));

        Assert.Single(await Frames("""{"instruction_addr":"0x1014","symbol":"x"}""", """{"instruction_addr":"0x9000"}"""));
        Assert.Equal(2, (await Frames("""{"instruction_addr":"0x1034"}""", """{"instruction_addr":"0x9000"}""")).Count);
        Assert.Equal(
            [0, 2],
            (await Frames("""{"instruction_addr":"0x1014"}""", """{"instruction_addr":"0x9000","trust":"scan"}""", """{"instruction_addr":"0x1800"}"""))
                .Select(f => f.OriginalIndex));
    }

    [Fact]
    public async Task Addresses_relative_to_a_module_come_out_absolute()
    {
        var frame = (await Frames("""{"instruction_addr":"0x144","addr_mode":"rel:0"}"""))[1];

        Assert.Equal(0x1144u, frame.InstructionAddr);
        Assert.Equal(AddrMode.Absolute, frame.AddrMode);
        Assert.Equal(0x1100u, frame.SymAddr);
    }

    [Fact]
    public async Task A_module_at_zero_keeps_relative_addresses_and_never_steps_back()
    {
        var response = await Answer(
            """
            {"frames":[{"instruction_addr":"0x10","addr_mode":"rel:0"},{"instruction_addr":"0x120","addr_mode":"rel:0"},
             {"instruction_addr":"0x120"},{"instruction_addr":"0x120","addr_mode":"rel:4"}]}
            """,
            modules: """[{"type":"elf","code_file":"/bin/app","debug_file":"app"}]""");
        var frames = response.Stacktraces[0].Frames;

        Assert.Equal(
            [FrameStatus.Symbolicated, FrameStatus.Symbolicated, FrameStatus.MissingSymbol, FrameStatus.UnknownImage],
            frames.Select(f => f.Status));
        Assert.Equal(12u, frames[1].Lineno);
        Assert.Equal(0x120u, frames[1].InstructionAddr);
        Assert.Equal(AddrMode.Relative(0), frames[1].AddrMode);
        Assert.Equal(0x100u, frames[1].SymAddr);
    }

    [Fact]
    public async Task Caller_first_requests_are_answered_caller_first()
    {
        var response = await Answer(
            """{"frames":[{"instruction_addr":"0x1120"},{"instruction_addr":"0x1144"}]}""", """ "options":{"frame_order":"caller_first"}, """);

        Assert.Equal(["_Z4workv", "_Z4workv", "_Z5innerv"], response.Stacktraces[0].Frames.Select(f => f.Symbol));
        Assert.Equal([1, 0, 0], response.Stacktraces[0].Frames.Select(f => f.OriginalIndex));
        Assert.Equal([10u, 13u, 3u], response.Stacktraces[0].Frames.Select(f => f.Lineno));
    }

    [Fact]
    public async Task Modules_come_back_in_order_with_their_status()
    {
        var response = await Answer(
            """{"thread_id":7,"thread_name":"n","is_requesting":false,"registers":{"rip":1},"frames":[{"instruction_addr":"0x1144"}]}""",
            """ "signal":11, """,
            """
            [{"type":"elf","code_file":"late","image_addr":"0x9000"},
             {"type":"elf","code_file":"/bin/app","debug_file":"app","image_addr":"0x1000"}]
            """);

        Assert.Equal(11u, response.Signal);
        Assert.Equal([ModuleStatus.Unused, ModuleStatus.Found], response.Modules.Select(m => m.DebugStatus));
        Assert.Equal([Arch.Unknown, Arch.Amd64], response.Modules.Select(m => m.Arch));
        Assert.Equal([null, 0x8000u], response.Modules.Select(m => m.ImageSize));
        Assert.All(response.Modules, m => Assert.True(m.UnwindStatus is null && m.Candidates is null));
        Assert.True(response.Modules[1].Features is { HasDebugInfo: true, HasSymbols: true });
        var thread = response.Stacktraces[0];
        Assert.Equal((7ul, "n", false, 1ul), (thread.ThreadId, thread.ThreadName, thread.IsRequesting, thread.Registers?["rip"]));
    }

    [Fact]
    public async Task Candidates_are_answered_when_asked_for()
    {
        var response = await Answer("""{"frames":[{"instruction_addr":"0x1144"}]}""", """ "options":{"dif_candidates":true}, """);

        Assert.Equal(UseStatus.Ok, Assert.Single(response.Modules[0].Candidates!).Debug?.Status);
    }

    [Fact]
    public async Task A_request_with_nothing_is_answered_with_nothing()
    {
        var response = await Answer("""{"frames":[]}""", modules: "[]");

        Assert.Empty(response.Modules);
        Assert.Empty(Assert.Single(response.Stacktraces).Frames);
        Assert.Null(response.Stacktraces[0].Registers);
    }

    [Fact]
    public async Task All_leases_are_given_back()
    {
        await Frames("""{"instruction_addr":"0x1144"}""");

        Assert.Single(_store.Converted);
        Assert.Equal(0, _store.OpenLeases);
    }

    private async Task<IReadOnlyList<SymbolicatedFrame>> Frames(params string[] frames) =>
        (await Answer($$"""{"frames":[{{string.Join(',', frames)}}]}""")).Stacktraces[0].Frames;

    private async Task<CompletedResponse> Answer(
        string thread,
        string members = "",
        string modules = """[{"type":"elf","code_file":"/bin/app","debug_file":"app","image_addr":"0x1000","image_size":4096}]""")
    {
        string json = $$"""{ {{members}} "stacktraces":[{{thread}}],"modules":{{modules}} }""";
        var request = WireJson.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json)), WireJson.Context.SymbolicateRequest);
        Demangler demangle = static (name, _) => name.StartsWith("_Z", StringComparison.Ordinal) ? $"<{name}>" : null;
        var symbolicator = new StackSymbolicator(new InlineCpuScheduler(), _store, demangle);
        return await symbolicator.SymbolicateAsync(request, [new ScriptedSource("s", FileType.ElfDebug)], null, CancellationToken.None);
    }
}
