using System.Text.Json;
using Symbolicator.TestKit;

namespace Symbolicator.Cli.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly SampleFile _sample = new();

    public void Dispose() => _sample.Dispose();

    [Fact]
    public void Inspect_answers_with_every_field_of_the_contract()
    {
        var run = CommandRun.Of("inspect", "--json", _sample.Path);

        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.Equal(
            """{"format":"breakpad","kind":"debug","arch":"x86_64","debug_id":"c0bcc3f1-9827-fe65-3058-404b2831d9e6","code_id":"f1c3bcc0","load_address":"0x0","name":"crash","has_symbols":true,"has_debug_info":true,"has_unwind_info":true,"has_sources":false,"is_malformed":false}""" + "\n",
            run.Output);
    }

    [Fact]
    public void Inspect_for_people_has_aligned_fields()
    {
        var run = CommandRun.Of("inspect", _sample.Path);

        Assert.Contains("format        breakpad debug", run.Lines);
        Assert.Contains("contents      symbols, debug information, unwind information", run.Lines);
    }

    [Fact]
    public void Symbols_are_sorted_by_address()
    {
        var run = CommandRun.Of("symbols", "--json", _sample.Path);

        Assert.Equal(["""{"addr":"0x3000","name":"_start"}""", """{"addr":"0x4000","name":"tail"}"""], run.Lines);
    }

    [Fact]
    public void Functions_are_sorted_and_count_their_inlined_calls()
    {
        var run = CommandRun.Of("functions", "--json", _sample.Path);

        Assert.Equal(
            [
                """{"addr":"0x1000","size":64,"name":"main","inlinees_total":1,"max_depth":1}""",
                """{"addr":"0x2000","size":16,"name":"second","inlinees_total":0,"max_depth":0}""",
            ],
            run.Lines);
    }

    [Theory]
    [InlineData("mszip-two-files")]
    [InlineData("two-files")]
    public void A_cabinet_is_unpacked_whatever_its_name(string cabinet)
    {
        var run = CommandRun.Of("inspect", "--json", Fixture.Path($"cab/{cabinet}.cab"));

        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.StartsWith("""{"format":"breakpad","kind":"debug","arch":"x86",""", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_packed_file_answers_like_its_content()
    {
        string packed = _sample.Beside("crash.sy_");
        using (var gzip = new System.IO.Compression.GZipStream(File.Create(packed), System.IO.Compression.CompressionLevel.Optimal))
        {
            gzip.Write(File.ReadAllBytes(_sample.Path));
        }

        Assert.Equal(CommandRun.Of("lookup", "--json", _sample.Path, "1015").Output, CommandRun.Of("lookup", "--json", packed, "1015").Output);
    }

    [Fact]
    public void A_damaged_packed_file_says_so()
    {
        string packed = _sample.Beside("crash.pd_");
        File.WriteAllBytes(packed, Fixture.Bytes("cab/stored.cab")[..1000]);

        var run = CommandRun.Of("inspect", packed);
        run.AssertFailed();
        Assert.Contains("(cab)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Lookup_gives_frames_innermost_first_in_the_order_of_the_addresses()
    {
        var run = CommandRun.Of("lookup", "--json", _sample.Path, "0x1015", "1020", "0xFFF", "5000");

        Assert.Equal(
            [
                """{"addr":"0x1015","frames":[{"function":"_ZN4util4copyEv","demangled":"_ZN4util4copyEv","file":"/src/util.h","line":7,"inline":true},{"function":"main","demangled":"main","file":"/src/main.c","line":12,"inline":false}]}""",
                """{"addr":"0x1020","frames":[{"function":"main","demangled":"main","file":"/src/main.c","line":14,"inline":false}]}""",
                """{"addr":"0xfff","frames":[]}""",
                """{"addr":"0x5000","frames":[{"function":"tail","demangled":"tail","file":null,"line":0,"inline":false}]}""",
            ],
            run.Lines);
    }

    [Fact]
    public void Lookup_without_json_has_one_frame_a_line()
    {
        Assert.Equal(
            ["0x1015\t_ZN4util4copyEv\t/src/util.h:7", "0x1015\tmain\t/src/main.c:12", "0xfff\t??\t??:0"],
            CommandRun.Of("lookup", "--raw", _sample.Path, "1015", "fff").Lines);
        Assert.Equal(
            ["0x1015  _ZN4util4copyEv at /src/util.h:7 (inlined into)", "        main at /src/main.c:12", "0xfff  ??"],
            CommandRun.Of("lookup", _sample.Path, "1015", "fff").Lines);
    }

    [Fact]
    public void Addresses_come_from_standard_input_with_any_line_end_and_blank_lines()
    {
        var run = CommandRun.With("0x1000\r\n\n  2000 \n4000", "lookup", "--raw", _sample.Path);

        Assert.Equal(["0x1000\tmain\t/src/main.c:10", "0x2000\tsecond\t??:0", "0x4000\ttail\t??:0"], run.Lines);
    }

    [Fact]
    public void A_bad_address_ends_the_run_behind_the_answers_before_it()
    {
        var run = CommandRun.With("1000\nnonsense\n2000\n", "lookup", "--raw", _sample.Path);

        run.AssertFailed();
        Assert.Contains("line 2", run.Error, StringComparison.Ordinal);
        Assert.Equal(["0x1000\tmain\t/src/main.c:10"], run.Lines);
    }

    [Fact]
    public void Unwind_gives_rules_records_and_the_lack_of_them()
    {
        string windows = _sample.Write("w.sym", new BreakpadBuilder().Module("windows", "x86").FrameData(0x10, 8, "$eip 1 =", 4, 8, 12).Fpo(0x20, 4, usesBasePointer: true));

        Assert.Equal(
            [
                """{"addr":"0x1004","start":"0x1000","size":"0x40","init":{".cfa":"$rsp 8 +",".ra":".cfa -8 + ^"},"deltas":[{"addr":"0x1004","rules":{".cfa":"$rsp 16 +"}}]}""",
                """{"addr":"0x1040","error":"none"}""",
            ],
            CommandRun.Of("unwind", "--json", _sample.Path, "0x1004", "0x1040").Lines);
        Assert.Equal(
            [
                """{"addr":"0x17","win":{"type":4,"start":"0x10","size":"0x8","prolog":0,"epilog":0,"params":4,"saved_regs":8,"locals":12,"max_stack":0,"has_program":true,"program":"$eip 1 =","uses_bp":false}}""",
                """{"addr":"0x20","win":{"type":0,"start":"0x20","size":"0x4","prolog":0,"epilog":0,"params":0,"saved_regs":0,"locals":0,"max_stack":0,"has_program":false,"program":null,"uses_bp":true}}""",
            ],
            CommandRun.With("17\n20\n", "unwind", "--json", windows).Lines);
    }

    [Theory]
    [InlineData("_ZN3foo3barEv", "cpp")]
    [InlineData("___Z3foov_block_invoke", "cpp")]
    [InlineData("?foo@@YAXXZ", "cpp")]
    [InlineData("_ZN4core3fmt5write17h0123456789abcdefE", "rust")]
    [InlineData("_ZN4core3fmt5write17h0123456789abcdefE.llvm.123", "rust")]
    [InlineData("_RNvCs1234_7mycrate3foo", "rust")]
    [InlineData("-[NSString length]", "objc")]
    [InlineData("$s4main3fooyyF", "swift")]
    [InlineData("_$s4main3fooyyF", "swift")]
    [InlineData("main", "unknown")]
    [InlineData("-[]", "unknown")]
    [InlineData("_", "unknown")]
    public void Demangle_tells_the_language(string name, string language)
    {
        var row = Assert.Single(CommandRun.With(name + "\n", "demangle", "--json").Json);

        Assert.Equal((name, language), (row.GetProperty("name").GetString(), row.GetProperty("lang").GetString()));
        Assert.Equal("swift", Assert.Single(CommandRun.With(name + "\n", "demangle", "--json", "--lang", "swift").Json).GetProperty("lang").GetString());
    }

    [Theory]
    [InlineData("compact")]
    [InlineData("plain")]
    public void A_symcache_answers_as_the_file_that_it_was_made_from(string strings)
    {
        string cache = _sample.Beside("out.scf");
        var built = Assert.Single(CommandRun.Of("build-symcache", "--json", _sample.Path, "-o", cache, "--strings", strings).Json);

        Assert.Equal(["crash.sym", "out.scf"], _sample.Names());
        Assert.Equal(new FileInfo(_sample.Path).Length, built.GetProperty("bytes_in").GetInt64());
        Assert.Equal(new FileInfo(cache).Length, built.GetProperty("bytes_out").GetInt64());
        Assert.Equal(4, built.GetProperty("functions").GetInt32());
        const string Addresses = "fff\n1000\n1010\n101f\n1020\n103f\n1040\n2000\n2010\n3000\n4000\nffffff\n";
        Assert.Equal(CommandRun.With(Addresses, "lookup", "--json", _sample.Path), CommandRun.With(Addresses, "lookup", "--json", cache));
        Assert.Equal(CommandRun.Of("functions", "--json", _sample.Path), CommandRun.Of("functions", "--json", cache));
        var (file, made) = (Assert.Single(CommandRun.Of("inspect", "--json", _sample.Path).Json), Assert.Single(CommandRun.Of("inspect", "--json", cache).Json));
        foreach (string field in (string[])["format", "kind", "arch", "debug_id", "code_id", "has_symbols", "has_debug_info", "has_unwind_info"])
        {
            Assert.Equal(file.GetProperty(field).ToString(), made.GetProperty(field).ToString());
        }
    }

    [Fact]
    public void A_thousand_nested_inlined_calls_give_512_and_two_frames()
    {
        var builder = new BreakpadBuilder().Module().Origin(0, "deep").Func(0x1000, 0x1000, "f");
        for (int depth = 0; depth < 1000; depth++)
        {
            builder.Inline(depth, 1, 0, 0, (0x1000, 0x1000));
        }

        var run = CommandRun.Of("lookup", "--json", _sample.Write("deep.sym", builder), "0x1800");

        Assert.Equal(514, Assert.Single(run.Json).GetProperty("frames").GetArrayLength());
    }

    [Fact]
    public void Names_that_are_not_utf8_are_replaced_and_control_characters_never_reach_people()
    {
        string path = _sample.Write("odd.sym", new BreakpadBuilder().Module().Public(0x10, "a\u001b[31mb"));
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, [.. bytes[..^1], 0xff, (byte)'\n']);

        Assert.Equal("a\u001b[31mb\ufffd", Assert.Single(CommandRun.Of("symbols", "--json", path).Json).GetProperty("name").GetString());
        Assert.EndsWith("a\ufffd[31mb\ufffd", Assert.Single(CommandRun.Of("symbols", path).Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_explains_itself()
    {
        var run = CommandRun.Of("--help");

        Assert.Equal(0, run.Status);
        Assert.All(
            ["inspect", "symbols", "functions", "lookup", "unwind", "demangle", "build-symcache", "minidump"],
            command =>
            {
                Assert.Contains($"  {command}", run.Output, StringComparison.Ordinal);
                Assert.Equal(0, CommandRun.Of(command, "--help").Status);
            });
    }

    [Fact]
    public void Json_is_one_object_a_line()
    {
        var run = CommandRun.With("1000\n1015\n", "lookup", "--json", _sample.Path);

        Assert.Equal(2, run.Output.Count(c => c == '\n'));
        Assert.All(run.Json, row => Assert.Equal(JsonValueKind.Object, row.ValueKind));
    }
}
