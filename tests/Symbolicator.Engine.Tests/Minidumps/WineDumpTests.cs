using System.Globalization;
using System.Text.Json;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Rendering;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Engine.Tests.Minidumps;

/// <summary>
/// Dumps that Wine's dbghelp wrote of a program of ours. Their modules carry no CodeView record: the image is found by its
/// code id and names the PDB. What winedbg shows of the same dumps is the expectation.
/// </summary>
public sealed class WineDumpTests : IDisposable
{
    private const string Image = "windows/crash.exe";

    private readonly SymbolFolder _symbols = new SymbolFolder().AddImage(Image).AddDebugFile(Image, "windows/crash.pdb", "crash.pdb");

    public void Dispose() => _symbols.Dispose();

    [Theory]
    [InlineData("write", "write")]
    [InlineData("write-codeview", "write")]
    [InlineData("divide", "divide")]
    public async Task The_crashed_thread_has_the_frames_that_winedbg_shows(string dump, string oracle)
    {
        var thread = Crashed(await Process(dump));
        var expected = WinedbgFrames(oracle);
        var frames = Frames(thread).Take(expected.Count).ToList();

        Assert.True(expected.Count > 15);
        Assert.Equal(expected.Select(f => (f.Address, f.Place)), frames.Select(f => (f.Address, f.Place)));
        foreach (var (ours, theirs) in frames.Zip(expected))
        {
            // Inlined functions have no scope there, and no function has parameters.
            Assert.True(theirs.Name is null || ours.Name!.Split('(')[0].EndsWith(theirs.Name, StringComparison.Ordinal), $"{theirs}: {ours}");
        }

        var crashed = thread.Frames.Where(f => f.Package == @"C:\shop\crash.exe").Select(f => f.Trust);
        Assert.DoesNotContain(FrameTrust.Scan, crashed);
        Assert.Equal(FrameTrust.Context, thread.Frames[0].Trust);
    }

    /// <summary>The stack of the source: twelve calls of itself below main. winedbg ends at the address that is no code.</summary>
    [Fact]
    public async Task A_call_of_nothing_leads_to_its_caller()
    {
        var thread = Crashed(await Process("jump"));
        IEnumerable<string> names = [.. thread.Frames.Select(f => f.Function ?? "")];

        Assert.Equal((0x10ul, FrameStatus.UnknownImage), (thread.Frames[0].InstructionAddr, thread.Frames[0].Status));
        Assert.Equal(
            [
                "shop::Checkout::pay(int)", .. Enumerable.Repeat("shop::Checkout::run(int)", 13), "main(int, char**)",
            ],
            names.Skip(1).Take(15));
        Assert.Equal((91u, 104u), (thread.Frames[1].Lineno, thread.Frames[2].Lineno));
    }

    [Theory]
    [InlineData("write", "EXCEPTION_ACCESS_VIOLATION_READ / 0x45")]
    [InlineData("divide", "EXCEPTION_INT_DIVIDE_BY_ZERO / 0x14000168b")]
    [InlineData("throw", "Unhandled C++ Exception / 0x7b013d7e")]
    [InlineData("jump", "EXCEPTION_ACCESS_VIOLATION_EXEC / 0x10")]
    public async Task The_reason_names_the_exception(string dump, string expected)
    {
        var response = await Process(dump);

        Assert.Equal(expected, response.CrashReason);
        Assert.Equal("Windows", response.SystemInfo!.OsName);
        Assert.Equal(Arch.Amd64, response.SystemInfo.CpuArch);
    }

    [Fact]
    public async Task The_image_completes_what_the_dump_does_not_say()
    {
        var response = await Process("write", job => job with { DifCandidates = true });
        var program = Assert.Single(response.Modules, m => m.CodeFile == @"C:\shop\crash.exe");

        Assert.Equal("crash.pdb", program.DebugFile);
        Assert.Equal((ModuleStatus.Found, (ModuleStatus?)ModuleStatus.Found), (program.DebugStatus, program.UnwindStatus));
        Assert.Equal(SymbolFolder.CodeId(Fixture.Bytes(Image)), program.CodeId!.Value.Hex, ignoreCase: true);
        var used = program.Candidates!.Where(c => c.Download.Status == DownloadStatus.Ok).ToArray();
        Assert.Equal(2, used.Length);
        Assert.EndsWith("/crash.exe", used[0].Location, StringComparison.Ordinal);
        Assert.Equal((null, UseStatus.Ok), (used[0].Debug?.Status, used[0].Unwind?.Status));
        Assert.EndsWith("/crash.pdb", used[1].Location, StringComparison.Ordinal);
        Assert.Equal((UseStatus.Ok, null), (used[1].Debug?.Status, used[1].Unwind?.Status));

        var named = await Process("write-codeview");
        var same = Assert.Single(named.Modules, m => m.CodeFile == @"C:\shop\crash.exe");
        Assert.Equal((program.DebugId, program.DebugFile, program.CodeId), (same.DebugId, same.DebugFile, same.CodeId));
    }

    [Fact]
    public async Task The_text_shows_the_stack_with_its_inlined_calls()
    {
        using var text = new StringWriter { NewLine = "\n" };
        CrashText.Write(text, Style.Plain, await Process("write"));

        Assert.Contains(
            """
            (crashed)
              0  shop::Order::units() const (crash.cpp:48) [inline]
              0  shop::Basket<shop::Order>::weigh(int) const (crash.cpp:54) [inline]
              0  shop::Basket<shop::Order>::total(int) const (crash.cpp:58) [context]
              1  shop::Checkout::pay(int) (crash.cpp:78) [cfi]
              2  shop::Checkout::run(int) (crash.cpp:104) [cfi]

            """.ReplaceLineEndings("\n"),
            text.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("windows/shapes-x64.pdb", "not found: wrong file: the file is Pdb for x86_64, debug id ")]
    [InlineData("windows/ledger.dll", "not found: wrong file: the file is Pe for x86, debug id 47f8d340-568a-4dca-8fb3-74a701224923-8d3f9d75, code id a02db1b98000, managed image: ")]
    [InlineData("windows/crash-write.dmp", "of a kind that is not read: unsupported: Minidump: Unsupported at offset 0x0 (a crash dump)")]
    [InlineData("oracle/windows/crash-write.json", "damaged: Unknown: BadMagic at offset 0x0 (not an object file that can be read)")]
    public async Task The_text_tells_why_a_file_is_of_no_use(string instead, string reason)
    {
        using var symbols = new SymbolFolder().AddImage(Image).AddDebugFile(Image, instead, "crash.pdb");
        using var text = new StringWriter { NewLine = "\n" };
        CrashText.Write(text, Style.Plain, await Process("write", job => job with
        {
            DifCandidates = true,
            Sources = [new FolderSymbolSource("folder", symbols.Path, FolderSymbolSource.UsualLayouts)],
        }));

        string section = text.ToString().Split("modules without symbols\n")[1];
        string line = Assert.Single(section.Split('\n'), l => l.Contains("crash.exe", StringComparison.Ordinal));
        Assert.StartsWith($@"     C:\shop\crash.exe  018e6e6f-959a-9818-4c4c-44205044422e-1  {reason}", line, StringComparison.Ordinal);
    }

    private static SymbolicatedStacktrace Crashed(CompletedResponse response) => Assert.Single(response.Stacktraces, t => t.IsRequesting == true);

    private async Task<CompletedResponse> Process(string dump, Func<MinidumpJob, MinidumpJob>? change = null)
    {
        var cpu = new InlineCpuScheduler();
        using var store = new FolderObjectStore(cpu, ParseLimits.Default);
        var job = new MinidumpJob { Sources = [new FolderSymbolSource("folder", _symbols.Path, FolderSymbolSource.UsualLayouts)] };
        using var bytes = new MemoryFileBytes(Fixture.Bytes($"windows/crash-{dump}.dmp"));
        return Assert.IsType<CompletedResponse>(await new MinidumpProcessor(cpu, store, static (_, _) => null)
            .ProcessAsync(bytes, change?.Invoke(job) ?? job, TestContext.Current.CancellationToken));
    }

    /// <summary>Frames of the program: the address as it was on the stack, place and name.</summary>
    private static IEnumerable<(ulong Address, string? Place, string? Name)> Frames(SymbolicatedStacktrace thread) =>
        from frame in thread.Frames
        where frame.Package == @"C:\shop\crash.exe"
        let resume = frame is { Status: FrameStatus.Symbolicated, OriginalIndex: > 0 } ? frame.InstructionAddr + 1 : frame.InstructionAddr
        select (resume, frame.AbsPath is { } path ? $"{path}:{frame.Lineno}" : null, frame.Function);

    private static List<(ulong Address, string? Place, string? Name)> WinedbgFrames(string kind)
    {
        using var oracle = JsonDocument.Parse(Fixture.Bytes($"oracle/windows/crash-{kind}.json"));
        return
        [
            .. from frame in oracle.RootElement.EnumerateArray()
               where frame.GetProperty("module").GetString() == "crash"
               select (
                   ulong.Parse(frame.GetProperty("address").GetString()!.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                   frame.TryGetProperty("file", out var file) ? $"{file.GetString()}:{frame.GetProperty("line").GetInt32()}" : null,
                   frame.TryGetProperty("function", out var name) ? name.GetString() : null),
        ];
    }
}
