using System.Globalization;
using System.Text;

namespace Symbolicator.Formats.Sources;

/// <summary>
/// Evaluates the variables of a source server index for one file: <c>%name%</c>, <c>%var1%</c> to <c>%var10%</c> (the
/// fields of the file's line), <c>%fnvar%(x)</c> (the variable that x names), <c>%fnbksl%(x)</c> (x with backslashes),
/// <c>%fnfile%(x)</c> (the last part of x). Values may refer to others; depth, length and steps are bounded.
/// </summary>
internal sealed class SourceServerVariables(IReadOnlyDictionary<string, string> variables, string[] fields)
{
    private const int MostDepth = 16;
    private const int MostChars = 32 << 10;
    private const int MostSteps = 4096;
    private const int LongestName = 1024;

    private int _stepsLeft;

    /// <summary>A field of the file's line, the first being 1; null when there is none.</summary>
    public string? Field(int number) => number >= 1 && number <= fields.Length && fields[number - 1].Length > 0 ? fields[number - 1] : null;

    /// <summary>The value of a variable; null when it does not exist, is empty, or refers to something that does not exist.</summary>
    public string? Evaluate(string name)
    {
        _stepsLeft = MostSteps;
        var value = new StringBuilder();
        return TryAppendVariable(name, value, 0) && value.Length > 0 ? value.ToString() : null;
    }

    private bool TryAppendVariable(ReadOnlySpan<char> name, StringBuilder into, int depth)
    {
        if (name.StartsWith("var", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(name[3..], NumberStyles.None, CultureInfo.InvariantCulture, out int field)
            && field >= 1 && field <= fields.Length)
        {
            return TryAppend(fields[field - 1], into);
        }

        return name.Length <= LongestName && variables.TryGetValue(name.ToString(), out string? value) && TryExpand(value, into, depth + 1);
    }

    private bool TryExpand(ReadOnlySpan<char> text, StringBuilder into, int depth)
    {
        if (depth > MostDepth)
        {
            return false;
        }

        while (!text.IsEmpty)
        {
            if (--_stepsLeft < 0)
            {
                return false;
            }

            int start = text.IndexOf('%');
            int length = start < 0 ? -1 : text[(start + 1)..].IndexOf('%');
            if (length < 0)
            {
                return TryAppend(text, into);
            }

            var name = text.Slice(start + 1, length);
            if (!TryAppend(text[..start], into))
            {
                return false;
            }

            text = text[(start + length + 2)..];
            if (name.StartsWith("fn", StringComparison.OrdinalIgnoreCase) && text.StartsWith("("))
            {
                int end = EndOfArgument(text);
                if (end < 0 || !TryCall(name, text[1..end], into, depth + 1))
                {
                    return false;
                }

                text = text[(end + 1)..];
            }
            else if (!TryAppendVariable(name, into, depth))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryCall(ReadOnlySpan<char> function, ReadOnlySpan<char> argument, StringBuilder into, int depth)
    {
        var value = new StringBuilder();
        if (!TryExpand(argument, value, depth))
        {
            return false;
        }

        string text = value.ToString();
        return function.ToString().ToUpperInvariant() switch
        {
            "FNVAR" => TryAppendVariable(text, into, depth),
            "FNBKSL" => TryAppend(text.Replace('/', '\\'), into),
            "FNFILE" => TryAppend(text.AsSpan(text.LastIndexOfAny(['/', '\\']) + 1), into),
            _ => false,
        };
    }

    private static bool TryAppend(ReadOnlySpan<char> text, StringBuilder into)
    {
        if (into.Length + text.Length > MostChars)
        {
            return false;
        }

        into.Append(text);
        return true;
    }

    /// <summary>Where the bracket that opens a text is closed, -1 when it is not.</summary>
    private static int EndOfArgument(ReadOnlySpan<char> text)
    {
        int open = 0;
        for (int i = 0; i < text.Length; i++)
        {
            open += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (open == 0)
            {
                return i;
            }
        }

        return -1;
    }
}
