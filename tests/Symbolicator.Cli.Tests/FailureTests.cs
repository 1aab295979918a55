using System.Text;
using Symbolicator.TestKit;

namespace Symbolicator.Cli.Tests;

public sealed class FailureTests : IDisposable
{
    private readonly SampleFile _sample = new();

    public void Dispose() => _sample.Dispose();

    [Theory]
    [InlineData("windows/stacks-x64.dmp", "unusable minidump file: Unsupported at offset 0x0 (a crash dump); use the command minidump")]
    [InlineData("oracle/windows/crash-write.json", "not a debug file: BadMagic at offset 0x0 (not an object file that can be read); check that this is an object, debug or symbol file and not an archive or a text about it")]
    public void A_file_of_another_kind_says_what_to_do_with_it(string fixture, string problem)
    {
        string path = Fixture.Path(fixture);

        Assert.Equal($"symbolicator: {path}: {problem}\n", CommandRun.Of("inspect", path).Error.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_managed_image_says_where_its_symbols_are() =>
        Assert.Contains(
            "note          managed image: names of its methods are in a Portable PDB, which is not read yet\n",
            CommandRun.Of("inspect", Fixture.Path("windows/ledger.dll")).Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);

    [Theory]
    [InlineData("inspect")]
    [InlineData("symbols")]
    [InlineData("functions")]
    [InlineData("lookup")]
    [InlineData("unwind")]
    public void A_file_that_is_none_of_ours_is_one_line_and_status_1(string command)
    {
        string text = _sample.Beside("text.txt");
        File.WriteAllText(text, "just text");
        string empty = _sample.Beside("empty");
        File.WriteAllBytes(empty, []);
        string pdb = _sample.Beside("x.pdb");
        File.WriteAllText(pdb, "Microsoft C/C++ MSF 7.00\r\n\u001aDS\0\0\0");
        string broken = _sample.Write("broken.sym", new BreakpadBuilder().Line("MODULE nothing"));
        string directory = Path.GetDirectoryName(text)!;

        foreach (string path in (string[])[text, empty, pdb, broken, directory, _sample.Beside("absent"), ""])
        {
            var run = CommandRun.With("1000\n", command, "--json", path);
            run.AssertFailed();
            Assert.Equal("", run.Output);
        }

        Assert.Contains("pdb", CommandRun.Of(command, pdb).Error, StringComparison.Ordinal);
        Assert.Contains("offset 0x0", CommandRun.Of(command, broken).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Usual_mistakes_are_called_by_their_names()
    {
        string empty = _sample.Beside("empty");
        File.WriteAllBytes(empty, []);
        string folder = Path.GetDirectoryName(empty)!;

        Assert.Equal($"symbolicator: {empty}: is empty\n", CommandRun.Of("inspect", empty).Error.ReplaceLineEndings("\n"));
        Assert.EndsWith("is a folder, not a file", CommandRun.Of("inspect", folder).Error.TrimEnd(), StringComparison.Ordinal);
        Assert.EndsWith("no such file", CommandRun.Of("minidump", _sample.Beside("absent")).Error.TrimEnd(), StringComparison.Ordinal);
        Assert.EndsWith(
            "there is no such folder", CommandRun.Of("build-symcache", _sample.Path, "-o", _sample.Beside("no/out")).Error.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(
            "symbolicator: 'nonsense' is not a command. See 'symbolicator --help'.", CommandRun.Of("nonsense").Error.TrimEnd());
        Assert.EndsWith("See 'symbolicator lookup --help'.", CommandRun.Of("lookup").Error.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("symbolicator [command]", "--help")]
    [InlineData("symbolicator lookup <FILE>", "lookup", "--help")]
    public void Help_shows_the_name_of_the_tool(string usage, params string[] arguments)
    {
        var run = CommandRun.Of(arguments);

        Assert.Equal(0, run.Status);
        Assert.Contains(usage, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_standard_input_is_an_empty_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "tells it from what Linux says of descriptors");
        string tool = Path.Combine(AppContext.BaseDirectory, "Symbolicator.Cli");
        using var process = System.Diagnostics.Process.Start("/bin/sh", ["-c", "exec \"$0\" lookup \"$1\" <&-", tool, _sample.Path]);
        using var guard = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await process.WaitForExitAsync(guard.Token);
        }
        finally
        {
            process.Kill();
        }

        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void A_damaged_symcache_is_refused()
    {
        string cache = _sample.Beside("out.scf");
        Assert.Equal(0, CommandRun.Of("build-symcache", _sample.Path, "-o", cache).Status);
        File.WriteAllBytes(cache, File.ReadAllBytes(cache)[..100]);

        foreach (string command in (string[])["inspect", "functions", "lookup", "symbols"])
        {
            CommandRun.With("1000\n", command, cache).AssertFailed();
        }
    }

    [Theory]
    [InlineData()]
    [InlineData("nonsense")]
    [InlineData("inspect")]
    [InlineData("inspect", "--nonsense", "x")]
    [InlineData("build-symcache", "x")]
    [InlineData("build-symcache", "x", "-o", "y", "--strings", "z")]
    [InlineData("demangle", "--lang", "klingon")]
    public void A_wrong_command_line_is_one_line_and_status_1(params string[] arguments) => CommandRun.Of(arguments).AssertFailed();

    [Fact]
    public void An_architecture_that_is_not_there_is_named()
    {
        Assert.Equal(0, CommandRun.Of("lookup", "--arch", "x86_64", _sample.Path, "1000").Status);
        foreach (string command in (string[])["lookup", "symbols", "functions", "unwind", "inspect"])
        {
            CommandRun.With("1000\n", command, "--arch", "arm64", _sample.Path).AssertFailed();
            CommandRun.With("1000\n", command, "--arch", "klingon", _sample.Path).AssertFailed();
        }

        Assert.Contains("x86_64", CommandRun.Of("symbols", "--arch", "arm64", _sample.Path).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_cannot_be_written_leaves_nothing_behind()
    {
        CommandRun.Of("build-symcache", _sample.Path, "-o", Path.Combine(_sample.Beside("absent"), "out.scf")).AssertFailed();
        CommandRun.Of("build-symcache", _sample.Beside("absent"), "-o", _sample.Beside("out.scf")).AssertFailed();

        Assert.Equal(["crash.sym"], _sample.Names());
    }

    [Fact]
    public void A_reader_that_goes_away_ends_the_run_silently()
    {
        using var error = new StringWriter();
        using var terminal = new Terminal { Input = Stream.Null, Output = new ClosedPipe(), Error = error };

        Assert.Equal(0, CommandLine.Run(["symbols", _sample.Path], terminal));
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public void Each_answer_is_written_before_the_next_question_is_waited_for()
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        var questions = new Dialogue(["1000\n", "2000\n", "4000\n"], output);
        using var terminal = new Terminal { Input = questions, Output = output, Error = error };

        Assert.Equal(0, CommandLine.Run(["lookup", "--raw", _sample.Path], terminal));
        Assert.Equal([0, 1, 2, 3], questions.AnswersSeen);
    }

    [Fact]
    public void Colours_are_for_terminals_only()
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        using var terminal = new Terminal { Input = Stream.Null, Output = output, Error = error, IsInteractive = true };

        Assert.Equal(0, CommandLine.Run(["symbols", _sample.Path], terminal));
        Assert.Contains('\u001b', Encoding.UTF8.GetString(output.ToArray()));
        Assert.DoesNotContain('\u001b', CommandRun.Of("symbols", _sample.Path).Output);
    }

    private sealed class ClosedPipe : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");

        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Broken pipe");
    }

    /// <summary>Asks one line at a time and notes how many lines had been answered by then.</summary>
    private sealed class Dialogue(string[] questions, MemoryStream answers) : MemoryStream
    {
        private int _next;

        public List<int> AnswersSeen { get; } = [];

        public override int Read(byte[] buffer, int offset, int count)
        {
            AnswersSeen.Add(answers.ToArray().Count(b => b == '\n'));
            return _next == questions.Length ? 0 : Encoding.ASCII.GetBytes(questions[_next++], buffer.AsSpan(offset, count));
        }
    }
}
