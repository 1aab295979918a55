using System.Text.Json;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Rendering;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.Engine.Tests.Minidumps;

public sealed class UnloadedModuleTests
{
    private const ulong App = 0x14000_0000;
    private const ulong Stack = 0x10_0000;

    [Fact]
    public async Task A_frame_outside_of_modules_tells_what_was_there_at_all_places_that_it_can_have_been()
    {
        var response = await Process(0x5_0900, (0x5_0000, 0x1000, "many.dll"), (0x5_0200, 0x1000, "many.dll"), (0x5_0900, 1, "Other.DLL"), (0x5_0901, 9, "not.dll"));

        var frame = Assert.Single(response.Stacktraces).Frames[0];
        Assert.Equal(FrameStatus.UnknownImage, frame.Status);
        Assert.Equal("""[{"module":"many.dll","offsets":["0x700","0x900"]},{"module":"Other.DLL","offsets":["0x0"]}]""", Json(frame));
        Assert.Null(frame.Package);
        Assert.Contains("  0  0x50900 in unloaded many.dll@0x700|0x900, Other.DLL@0x0 [context]\n", Text(response), StringComparison.Ordinal);
        Assert.DoesNotContain(response.Modules, m => m.CodeFile == "many.dll");
    }

    [Fact]
    public async Task Loaded_modules_hide_unloaded_ones()
    {
        var response = await Process(App + 0x500, (App, 0x1000, "old.dll"));

        var frame = Assert.Single(response.Stacktraces).Frames[0];
        Assert.Equal(("app.exe", null), (frame.Package, frame.UnloadedModules));
    }

    [Fact]
    public async Task An_unloaded_module_gives_no_other_frames()
    {
        var response = await Process(0x9_9999, (0x5_0000, 0x1000, "old.dll"));

        Assert.Null(Assert.Single(response.Stacktraces).Frames[0].UnloadedModules);
    }

    [Theory]
    [InlineData(0x2000, false, null)]
    [InlineData(0x2000, true, "0x1000")] // the call was the last instruction
    [InlineData(0x1000, true, null)] // the call was the instruction before the module
    [InlineData(0x1000, false, "0x0")]
    [InlineData(0, true, null)]
    public void Return_addresses_belong_to_the_module_of_the_call(ulong address, bool isReturn, string? offset)
    {
        var table = new UnloadedModuleTable([new(0x1000, 0x1000, 0, "old.dll"), new(0x1000, 0x1000, 0, null)]);

        Assert.Equal(offset, table.Find(address, isReturn)?.Single().Offsets.Single());
    }

    [Fact]
    public void The_list_is_bounded()
    {
        var table = new UnloadedModuleTable(
            [.. Enumerable.Repeat(new Formats.Minidump.UnloadedModule(0x1000, 1, 0, "a"), UnloadedModuleTable.MaxModules), new(0x1000, 1, 0, "b")]);

        Assert.Equal("a", Assert.Single(table.Find(0x1000, isReturn: false)!).Module);
    }

    [Fact]
    public void An_answer_names_modules_only_so_often()
    {
        // 20,000 threads, each in 1000 modules that were at the same place: 20 million hits.
        var table = new UnloadedModuleTable([.. Enumerable.Range(0, 1000).Select(i => new Formats.Minidump.UnloadedModule(0x1000, 1, 0, $"{i}"))]);
        var frame = new SymbolicatedFrame { InstructionAddr = 0x1000, Status = FrameStatus.UnknownImage, OriginalIndex = 0, Trust = FrameTrust.Context };
        var threads = Enumerable.Repeat(new SymbolicatedStacktrace { Frames = [frame] }, 20_000).ToArray();

        int[] hits = [.. table.Annotate(threads, CancellationToken.None).Select(t => t.Frames[0].UnloadedModules?.Count ?? 0)];

        Assert.Equal(1000, hits[0]);
        Assert.Equal(0, hits[^1]);
        Assert.InRange(hits.Sum(), 50_000, UnloadedModuleTable.MaxCost / UnloadedModuleTable.PlaceCost);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, null)] // a character too long to be told
    public void A_name_counts_for_its_length(int more, int? expected)
    {
        int length = UnloadedModuleTable.MaxCost - 1 - UnloadedModuleTable.PlaceCost + more;
        var table = new UnloadedModuleTable([new(0x1000, 1, 0, new string('x', length))]);

        Assert.Equal(expected, table.Find(0x1000, isReturn: false)?.Count);
        Assert.Null(table.Find(0x1000, isReturn: false));
    }

    private static string Json(SymbolicatedFrame frame)
    {
        var answer = new CompletedResponse { Stacktraces = [new SymbolicatedStacktrace { Frames = [frame] }], Modules = [] };
        using var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(answer, WireJsonContext.Default.SymbolicationResponse));
        return json.RootElement.GetProperty("stacktraces")[0].GetProperty("frames")[0].GetProperty("unloaded_modules").GetRawText();
    }

    private static string Text(CompletedResponse response)
    {
        using var text = new StringWriter { NewLine = "\n" };
        CrashText.Write(text, Style.Plain, response);
        return text.ToString();
    }

    private static async Task<CompletedResponse> Process(ulong pc, params (ulong Address, uint Size, string Name)[] unloaded)
    {
        var builder = new MinidumpBuilder().System(MinidumpBuilder.Amd64, MinidumpBuilder.Windows, (10, 0, 19045));
        byte[] file = builder
            .Threads(new MinidumpBuilder.Thread(7, builder.Amd64Context(pc, Stack), Stack, new byte[64]))
            .Modules(new MinidumpBuilder.Module(App, 0x1000, "app.exe", 1))
            .UnloadedModules(unloaded)
            .Build();
        using var bytes = new MemoryFileBytes(file);
        var processor = new MinidumpProcessor(new InlineCpuScheduler(), new ScriptedStore(), static (_, _) => null);
        var job = new MinidumpJob { Sources = [] };
        return Assert.IsType<CompletedResponse>(await processor.ProcessAsync(bytes, job, TestContext.Current.CancellationToken));
    }
}
