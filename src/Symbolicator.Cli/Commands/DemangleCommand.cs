using System.CommandLine;
using Symbolicator.Cli.Input;
using Symbolicator.Cli.Output;
using Symbolicator.Formats.Demangle;
using Symbolicator.Formats.Model;

namespace Symbolicator.Cli.Commands;

/// <summary><c>demangle</c>: names on standard input, one answer a line. Names are given back as they are.</summary>
internal static class DemangleCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = Syntax.Json();
        var language = new Option<string?>("--lang") { Description = "Language of the names; detected when absent.", HelpName = "LANG" };
        var command = new Command("demangle", "Tells the languages of mangled names on standard input.") { json, language };
        command.SetAction(parsed => Run(terminal, parsed.GetValue(json), parsed.GetValue(language)));
        return command;
    }

    private static int Run(Terminal terminal, bool json, string? language)
    {
        var given = SourceLanguageNames.Parse(language);
        if (language is not null && given == SourceLanguage.Unknown && language != "unknown")
        {
            throw new CommandException($"'{language}' is not a language; one of c, cpp, objc, objcpp, rust, swift");
        }

        using var output = new LineWriter(terminal);
        var lines = new InputLines(terminal.Input);
        while (true)
        {
            if (!lines.HasLine)
            {
                output.Flush();
            }

            if (lines.Read() is not { } name)
            {
                return 0;
            }

            if (json)
            {
                var detected = given == SourceLanguage.Unknown ? LanguageDetector.Detect(name) : given;
                output.WriteJson(new DemangledRow(name, name, detected.Name() ?? "unknown"), CliJson.Default.DemangledRow);
            }
            else
            {
                output.Write(name).EndLine();
            }
        }
    }
}
