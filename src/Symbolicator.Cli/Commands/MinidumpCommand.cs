using System.CommandLine;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Rendering;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;

namespace Symbolicator.Cli.Commands;

/// <summary><c>minidump</c>: the stacks of a crash dump, as the service answers them.</summary>
internal static class MinidumpCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Syntax.File("Minidump.");
        var json = new Option<bool>("--json") { Description = "Write the service's response as one JSON object." };
        var symbols = new Option<string[]>("--symbols")
        {
            Description = "Folder with debug files, repeatable; trees of Breakpad, debuggers, symbol servers and debuginfod are recognised.",
            HelpName = "DIR",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("minidump", "Unwinds and symbolicates all threads of a crash dump.") { file, json, symbols };
        command.SetAction((parsed, ct) =>
            RunAsync(terminal, parsed.GetRequiredValue(file), parsed.GetValue(json), parsed.GetValue(symbols) ?? [], ct));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, string path, bool json, string[] folders, CancellationToken ct)
    {
        using var dump = ObjectSelection.OpenFile(path);
        var cpu = new InlineCpuScheduler();
        using var store = new FolderObjectStore(cpu, ParseLimits.Default);

        // The text tells reasons of candidates; JSON is the service's answer to a request without options.
        var job = new MinidumpJob { Sources = [.. folders.Select(Source)], DifCandidates = !json };
        var response = await new MinidumpProcessor(cpu, store, static (_, _) => null).ProcessAsync(dump, job, ct);
        if (response is not CompletedResponse completed)
        {
            string reason = response is FailedResponse failed ? failed.Message : "no answer";
            throw new CommandException($"{path}: not a minidump that can be read: {reason}");
        }

        using var output = new LineWriter(terminal);
        if (json)
        {
            output.WriteJson<SymbolicationResponse>(completed, WireJson.Context.SymbolicationResponse);
        }
        else
        {
            using var text = new StringWriter { NewLine = "\n" };
            CrashText.Write(text, output.Style, completed);
            output.Write(text.ToString());
        }

        return 0;
    }

    private static FolderSymbolSource Source(string folder) => Directory.Exists(folder)
        ? new FolderSymbolSource(folder, folder, FolderSymbolSource.UsualLayouts)
        : throw new CommandException($"{folder}: no such folder");
}
