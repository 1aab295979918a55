namespace Symbolicator.Engine.Sources;

/// <summary>
/// Globs over paths: <c>*</c> (any text, slashes included), <c>?</c> (one character), <c>[a-z]</c> and <c>[!a-z]</c>.
/// ASCII letters match in any case, a backslash of the path is a slash. Time is at most pattern × path.
/// </summary>
public static class PathGlob
{
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> path)
    {
        int at = 0;
        int position = 0;
        int starAt = -1;
        int starPosition = 0;
        while (position < path.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                starAt = at++;
                starPosition = position;
            }
            else if (at < pattern.Length && MatchesOne(pattern, ref at, path[position]))
            {
                position++;
            }
            else if (starAt >= 0)
            {
                // The last star takes one character more; earlier ones need not, it would have matched the same.
                at = starAt + 1;
                position = ++starPosition;
            }
            else
            {
                return false;
            }
        }

        while (at < pattern.Length && pattern[at] == '*')
        {
            at++;
        }

        return at == pattern.Length;
    }

    private static bool MatchesOne(ReadOnlySpan<char> pattern, ref int at, char value)
    {
        char c = Fold(value);
        if (pattern[at] == '?')
        {
            at++;
            return true;
        }

        int end = pattern[at] == '[' ? ClassEnd(pattern, at) : -1;
        if (end < 0)
        {
            return Fold(pattern[at++]) == c;
        }

        var members = pattern[(at + 1)..end];
        at = end + 1;
        bool negated = members[0] == '!';
        return ClassContains(negated ? members[1..] : members, c) != negated;
    }

    /// <summary>Index of the closing bracket; a bracket right after the opening one is a member. -1 when there is none.</summary>
    private static int ClassEnd(ReadOnlySpan<char> pattern, int at)
    {
        int first = at + 1 < pattern.Length && pattern[at + 1] == '!' ? at + 2 : at + 1;
        if (first >= pattern.Length)
        {
            return -1;
        }

        int end = pattern[(first + 1)..].IndexOf(']');
        return end < 0 ? -1 : first + 1 + end;
    }

    private static bool ClassContains(ReadOnlySpan<char> members, char c)
    {
        for (int i = 0; i < members.Length; i++)
        {
            char low = Fold(members[i]);
            if (i + 2 < members.Length && members[i + 1] == '-')
            {
                if (c >= low && c <= Fold(members[i + 2]))
                {
                    return true;
                }

                i += 2;
            }
            else if (c == low)
            {
                return true;
            }
        }

        return false;
    }

    private static char Fold(char c) => c == '\\' ? '/' : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
}
