using System.Text;
using System.Text.Json;
using Symbolicator.TestKit;

namespace Symbolicator.Cli.Tests;

public sealed class MinidumpCommandTests
{
    private static readonly string Dump = Fixture.Path("minidump/cpp-x64.breakpad.dmp");

    [Fact]
    public void Json_is_one_completed_response()
    {
        var (status, output, _) = Run("minidump", "--json", "--symbols", Fixture.Path("symbols"), Dump);
        using var json = JsonDocument.Parse(output);
        var thread = Assert.Single(
            json.RootElement.GetProperty("stacktraces").EnumerateArray(), t => t.GetProperty("is_requesting").GetBoolean());
        var frame = thread.GetProperty("frames")[0];

        Assert.Equal(0, status);
        Assert.Equal("completed", json.RootElement.GetProperty("status").GetString());
        Assert.Equal("SIGSEGV / SEGV_MAPERR / 0x45", json.RootElement.GetProperty("crash_reason").GetString());
        Assert.Equal("_ZN6render6BufferINS_5PixelEE5storeEih", frame.GetProperty("symbol").GetString());
        Assert.Equal(46, frame.GetProperty("lineno").GetInt32());
    }

    [Fact]
    public void Text_has_the_crashed_thread_first_and_marks_inlined_calls()
    {
        var (status, output, _) = Run("minidump", "--symbols", Fixture.Path("symbols"), Dump);
        string[] lines = output.Split('\n');

        Assert.Equal(0, status);
        Assert.Equal("SIGSEGV / SEGV_MAPERR / 0x45", lines[0]);
        int thread = Array.FindIndex(lines, line => line.EndsWith(" (crashed)", StringComparison.Ordinal));
        Assert.Equal(thread, Array.FindIndex(lines, line => line.StartsWith("thread ", StringComparison.Ordinal)));
        Assert.Equal("  0  _ZN6render6BufferINS_5PixelEE5storeEih (crash.cpp:46) [inline]", lines[thread + 1]);
        Assert.Equal("  0  _ZN6render7PolygonILi5EE4drawERNS_6BufferINS_5PixelEEEi (crash.cpp:60) [context]", lines[thread + 4]);
        Assert.Equal("  1  _ZN6render5Group4drawERNS_6BufferINS_5PixelEEEi (crash.cpp:82) [cfi]", lines[thread + 5]);
    }

    [Theory]
    [InlineData("symbols/17/2ec760bcac5933f4f1721ef8f65c980d7de28f/executable", "Header mismatch")]
    [InlineData("minidump/absent.dmp", "cannot be opened")]
    public void What_is_no_dump_ends_with_one_line(string file, string reason)
    {
        var (status, output, error) = Run("minidump", "--json", Fixture.Path(file));

        Assert.Equal((1, ""), (status, output));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_named() =>
        Assert.Contains("no such folder", Run("minidump", "--symbols", Fixture.Path("absent"), Dump).Error, StringComparison.Ordinal);

    private static (int Status, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        using var terminal = new Terminal { Input = new MemoryStream(), Output = output, Error = error };
        int status = CommandLine.Run(arguments, terminal);
        return (status, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
