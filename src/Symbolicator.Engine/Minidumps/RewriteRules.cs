using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Symbolicator.Engine.Contracts;

namespace Symbolicator.Engine.Minidumps;

/// <summary>
/// Compiled <c>rewrite_first_module</c>. Patterns are those of Rust's regex crate as far as .NET's non-backtracking
/// engine knows them: time is linear in the text. Replacements are Rust's: <c>$name</c> takes as many word characters as
/// follow, <c>${name}</c> delimits, <c>$$</c> is a dollar sign, a group that does not exist is empty.
/// </summary>
public sealed class RewriteRules
{
    /// <summary>Rules of one request.</summary>
    public const int MaxRules = 64;

    /// <summary>Characters of a pattern or replacement.</summary>
    public const int MaxLength = 4096;

    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(2);

    private readonly List<(Regex Pattern, IReadOnlyDictionary<string, int> Groups, string To)> _rules = [];

    private RewriteRules()
    {
    }

    public static RewriteRules None { get; } = new();

    /// <exception cref="RewriteRuleException">A rule that cannot be used, or too many.</exception>
    public static RewriteRules Compile(IReadOnlyList<RewriteRule> rules)
    {
        if (rules.Count > MaxRules)
        {
            throw new RewriteRuleException($"more than {MaxRules} rewrite rules");
        }

        var compiled = new RewriteRules();
        foreach (var rule in rules)
        {
            if (rule.From.Length > MaxLength || rule.To.Length > MaxLength)
            {
                throw new RewriteRuleException($"a rewrite rule is longer than {MaxLength} characters");
            }

            var pattern = RustPattern.Translate(rule.From);
            try
            {
                var regex = new Regex(pattern.Text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout);
                compiled._rules.Add((regex, pattern.Groups, rule.To));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                throw new RewriteRuleException($"invalid pattern in a rewrite rule: {e.Message}");
            }
        }

        return compiled;
    }

    /// <summary>The name with the first match of the first rule that matches replaced; null when none does.</summary>
    public string? Apply(string name)
    {
        foreach (var (pattern, groups, to) in _rules)
        {
            try
            {
                if (pattern.Match(name) is { Success: true } match)
                {
                    return string.Concat(name.AsSpan(0, match.Index), Expand(to, match, groups), name.AsSpan(match.Index + match.Length));
                }
            }
            catch (RegexMatchTimeoutException)
            {
                return null;
            }
        }

        return null;
    }

    private static string Expand(string to, Match match, IReadOnlyDictionary<string, int> groups)
    {
        var output = new StringBuilder();
        for (int i = 0; i < to.Length; i++)
        {
            if (to[i] != '$' || i + 1 == to.Length)
            {
                output.Append(to[i]);
            }
            else if (to[i + 1] == '$')
            {
                output.Append('$');
                i++;
            }
            else if (TryReadReference(to, i + 1, out string name, out int end))
            {
                if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || groups.TryGetValue(name, out number))
                {
                    output.Append(match.Groups[number].ValueSpan);
                }

                i = end - 1;
            }
            else
            {
                output.Append('$');
            }
        }

        return output.ToString();
    }

    private static bool TryReadReference(string to, int at, out string name, out int end)
    {
        bool braced = to[at] == '{';
        int start = braced ? at + 1 : at;
        end = start;
        while (end < to.Length && (braced ? to[end] != '}' : char.IsAsciiLetterOrDigit(to[end]) || to[end] == '_'))
        {
            end++;
        }

        name = to[start..end];
        if (braced)
        {
            end++;
        }

        return name.Length > 0 && end <= to.Length;
    }
}

/// <summary>A <c>rewrite_first_module</c> that cannot be used; the request is at fault.</summary>
public sealed class RewriteRuleException(string message) : Exception(message);
