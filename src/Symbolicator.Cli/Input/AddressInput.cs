using System.Globalization;
using Symbolicator.Cli.Output;

namespace Symbolicator.Cli.Input;

/// <summary>Addresses in hex with or without <c>0x</c>, from the command line or, when there are none, from standard input.</summary>
internal static class AddressInput
{
    /// <summary>
    /// Streams the addresses. Before it waits for input it writes out what has been answered, so that a program can
    /// ask one address at a time.
    /// </summary>
    public static IEnumerable<ulong> Read(string[] arguments, Terminal terminal, LineWriter output)
    {
        foreach (string argument in arguments)
        {
            yield return Parse(argument, null);
        }

        if (arguments.Length > 0)
        {
            yield break;
        }

        var lines = new InputLines(terminal.Input);
        while (true)
        {
            if (!lines.HasLine)
            {
                output.Flush();
            }

            if (lines.Read() is not { } line)
            {
                yield break;
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, lines.Number);
            }
        }
    }

    private static ulong Parse(string text, int? line)
    {
        var digits = text.AsSpan().Trim();
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            digits = digits[2..];
        }

        if (ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address))
        {
            return address;
        }

        string where = line is null ? "" : $"line {line} of standard input: ";
        string shown = text.Length > 80 ? text[..80] + "…" : text;
        throw new CommandException($"{where}'{shown}' is not an address; write it in hex, like 0x1a2b");
    }
}
