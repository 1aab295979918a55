using System.CommandLine;

namespace Symbolicator.Cli;

/// <summary>Options and arguments that several commands have in common.</summary>
internal static class Syntax
{
    public static Argument<string> File(string description = "Object, debug or symbol file.") =>
        new("FILE") { Description = description };

    public static Argument<string[]> Addresses() => new("ADDR")
    {
        Description = "Addresses in hex, relative to the image base. Without any they are read from standard input, one per line.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Option<bool> Json() => new("--json") { Description = "Write JSON Lines." };

    public static Option<string?> Arch() => new("--arch")
    {
        Description = "Which object of a file with several, by architecture.",
        HelpName = "ARCH",
    };
}
