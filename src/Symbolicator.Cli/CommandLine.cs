using System.CommandLine;
using System.CommandLine.Help;
using Symbolicator.Cli.Commands;
using Symbolicator.Cli.Output;
using Symbolicator.Formats.Core;

namespace Symbolicator.Cli;

/// <summary>The commands and how a run ends: status 0 when answered, 1 with one line on the error stream otherwise.</summary>
internal static class CommandLine
{
    private const string Name = "symbolicator";

    public static int Run(string[] args, Terminal terminal)
    {
        var root = Root(terminal);
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            bool isCommandUnknown = parsed.CommandResult.Command == root && parsed.UnmatchedTokens.Count > 0;
            string problem = isCommandUnknown ? $"'{parsed.UnmatchedTokens[0]}' is not a command." : parsed.Errors[0].Message;
            return Fail(terminal, $"{problem} See '{Name} {(isCommandUnknown ? "" : PathOf(parsed))}--help'.");
        }

        try
        {
            using var help = new StreamWriter(terminal.Output, leaveOpen: true);
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = help,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
            });
        }
        catch (OutputClosedException)
        {
            return 0; // whoever read the output has seen enough
        }
        catch (CommandException e)
        {
            return Fail(terminal, e.Message);
        }
        catch (MalformedFileException e)
        {
            return Fail(terminal, FileProblem.Describe(null, e));
        }
#pragma warning disable CA1031 // the last resort: a defect of ours ends with a line, not with a stack trace
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Fail(terminal, $"internal error, please report it: {e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>Not a <see cref="RootCommand"/>, which is named after the file that runs.</summary>
    private static Command Root(Terminal terminal) =>
        new(Name, "Reads debug files and crash dumps: what is in them, which function an address belongs to, how to unwind.")
        {
            new HelpOption(),
            new VersionOption(),
            InspectCommand.Create(terminal),
            SymbolsCommand.Create(terminal),
            FunctionsCommand.Create(terminal),
            LookupCommand.Create(terminal),
            UnwindCommand.Create(terminal),
            BuildSymCacheCommand.Create(terminal),
            MinidumpCommand.Create(terminal),
            DemangleCommand.Create(terminal),
        };

    private static string PathOf(ParseResult parsed) =>
        parsed.CommandResult.Command.Name == Name ? "" : $"{parsed.CommandResult.Command.Name} ";

    private static int Fail(Terminal terminal, string message)
    {
        terminal.Error.WriteLine($"{Name}: {message.ReplaceLineEndings(" ")}");
        return 1;
    }
}
