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
/// Dumps of programs that an emulator stopped at many instructions, in prologues and epilogues too. The emulator kept the
/// call stack while it ran: that is the expectation for every thread.
/// </summary>
public sealed class ExecutedStackTests
{
    [Theory]
    [InlineData("x64", 1)]
    [InlineData("x86", 1)]
    [InlineData("x86-fpo", 1)]
    [InlineData("arm64", 4)]
    public async Task Every_thread_has_the_callers_that_execution_shows(string shape, ulong call)
    {
        var response = await Process(shape);
        ulong start = Assert.Single(response.Modules).ImageAddr;
        using var oracle = JsonDocument.Parse(Fixture.Bytes($"oracle/windows/stacks-{shape}.json"));
        var expected = oracle.RootElement.EnumerateArray()
            .Select(stack => stack.EnumerateArray().Select(a => Hex(a.GetString()!)).Select(a => a < 0x10000 ? start + a : a).ToArray()).ToList();

        Assert.True(expected.Count >= 49);
        Assert.Equal(expected.Count, response.Stacktraces.Count);
        foreach (var (thread, stack) in response.Stacktraces.Zip(expected))
        {
            var resume = thread.Frames.GroupBy(f => f.OriginalIndex).Select(group => group.First())
                .Select(f => f is { Status: FrameStatus.Symbolicated, OriginalIndex: > 0 } ? f.InstructionAddr + call : f.InstructionAddr);
            Assert.True(stack.SequenceEqual(resume), $"{thread.ThreadName}: {string.Join(' ', stack.Select(a => $"{a:x}"))}");
        }

        Assert.All(response.Stacktraces, t => Assert.Equal("start", t.Frames[^1].Function?.Split('(')[0].TrimStart('_')));
    }

    [Theory]
    [InlineData("x86", "EXCEPTION_ACCESS_VIOLATION_WRITE / 0x45", Arch.X86)]
    [InlineData("x64", "EXCEPTION_IN_PAGE_ERROR_READ / STATUS_DEVICE_DATA_ERROR / 0x7ff800000045", Arch.Amd64)]
    [InlineData("arm64", "EXCEPTION_STACK_BUFFER_OVERRUN / FAST_FAIL_STACK_COOKIE_CHECK_FAILURE / 0x", Arch.Arm64)]
    public async Task The_answer_describes_the_process(string shape, string reason, Arch arch)
    {
        var response = await Process(shape);

        Assert.StartsWith(reason, response.CrashReason, StringComparison.Ordinal);
        Assert.Equal(("Windows", "10.0.22631", arch), (response.SystemInfo!.OsName, response.SystemInfo.OsVersion, response.SystemInfo.CpuArch));
        Assert.Equal("step 0", Assert.Single(response.Stacktraces, t => t.IsRequesting == true).ThreadName);
        var module = Assert.Single(response.Modules);
        Assert.Equal((ModuleStatus.Found, (ModuleStatus?)ModuleStatus.Found, arch), (module.DebugStatus, module.UnwindStatus, module.Arch));
    }

    [Theory]
    [InlineData("x86")]
    [InlineData("x86-fpo")]
    [InlineData("x64")]
    [InlineData("arm64")]
    public async Task A_call_into_an_unloaded_module_shows_module_and_caller(string shape)
    {
        var response = await Process(shape);
        var thread = Assert.Single(response.Stacktraces, t => t.ThreadName == "plugin");
        using var text = new StringWriter { NewLine = "\n" };
        CrashText.Write(text, Style.Plain, response);

        Assert.Equal((FrameStatus.UnknownImage, FrameTrust.Context), (thread.Frames[0].Status, thread.Frames[0].Trust));
        Assert.Contains("  0  0x6ff00460 in unloaded plugin.dll@0x160|0x460 [context]\n", text.ToString(), StringComparison.Ordinal);
        Assert.All(thread.Frames.Skip(1), f => Assert.Equal(FrameStatus.Symbolicated, f.Status));
    }

    private static ulong Hex(string text) => ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static async Task<CompletedResponse> Process(string shape)
    {
        string image = $"windows/shapes-{shape}.exe";
        using var symbols = new SymbolFolder().AddImage(image).AddDebugFile(image, $"windows/shapes-{shape}.pdb", $"shapes-{shape}.pdb");
        var cpu = new InlineCpuScheduler();
        using var store = new FolderObjectStore(cpu, ParseLimits.Default);
        var job = new MinidumpJob { Sources = [new FolderSymbolSource("folder", symbols.Path, FolderSymbolSource.UsualLayouts)] };
        using var bytes = new MemoryFileBytes(Fixture.Bytes($"windows/stacks-{shape}.dmp"));
        return Assert.IsType<CompletedResponse>(await new MinidumpProcessor(cpu, store, static (_, _) => null)
            .ProcessAsync(bytes, job, TestContext.Current.CancellationToken));
    }
}
