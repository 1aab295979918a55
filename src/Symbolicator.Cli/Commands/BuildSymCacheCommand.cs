using System.CommandLine;
using System.Diagnostics;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Formats.Core;
using Symbolicator.SymCache;

namespace Symbolicator.Cli.Commands;

/// <summary><c>build-symcache</c>: converts a debug file and prints one line of figures.</summary>
internal static class BuildSymCacheCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Syntax.File("Debug file.");
        var json = Syntax.Json();
        var arch = Syntax.Arch();
        var target = new Option<string>("-o", "--output") { Description = "Where the symcache goes.", HelpName = "OUT", Required = true };
        var strings = new Option<string>("--strings")
        {
            Description = "compact: names take half the space; plain: names are read without copying.",
            DefaultValueFactory = _ => "compact",
        };
        strings.AcceptOnlyFromAmong("compact", "plain");
        var command = new Command("build-symcache", "Converts a debug file into a symcache.") { file, target, strings, json, arch };
        command.SetAction(parsed => Run(
            terminal,
            parsed.GetRequiredValue(file),
            parsed.GetRequiredValue(target),
            parsed.GetValue(strings) == "plain" ? StringProfile.Plain : StringProfile.Compact,
            parsed.GetValue(json),
            parsed.GetValue(arch)));
        return command;
    }

    private static int Run(Terminal terminal, string path, string target, StringProfile strings, bool json, string? arch)
    {
        using var output = new LineWriter(terminal);
        using var file = ObjectSelection.OpenFile(path);
        using var item = ObjectSelection.Open(path, file, arch, terminal);
        long started = Stopwatch.GetTimestamp();
        BuildReport report;
        try
        {
            report = PublishedFile.Write(target, stream => SymCacheBuilder.Build(
                item, stream, SymCacheOptions.Default with { SourceSize = file.Length, StringProfile = strings }, ParseLimits.Default, CancellationToken.None));
        }
        catch (MalformedFileException e)
        {
            throw new CommandException(FileProblem.Describe(path, e));
        }

        var row = new BuildRow(
            report.BytesIn, report.BytesOut, report.Functions, report.Rows, report.Faults,
            Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 3), Process.GetCurrentProcess().PeakWorkingSet64);
        if (json)
        {
            output.WriteJson(row, CliJson.Default.BuildRow);
        }
        else
        {
            output.Write($"{row.BytesIn} bytes in, {row.BytesOut} bytes out, {row.Functions} functions, {row.Rows} rows, "
                + FormattableString.Invariant($"{row.Faults} skipped records, {row.Seconds:0.000} s, peak memory {row.PeakBytes >> 20} MiB")).EndLine();
        }

        return 0;
    }
}
