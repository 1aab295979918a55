using System.Text;

namespace Symbolicator.Engine.Minidumps;

/// <summary>
/// A pattern of Rust's regex crate for .NET: groups are numbered from left to right, named ones too, as Rust does.
/// What .NET would silently read in another way is refused.
/// </summary>
/// <param name="Text">The pattern for .NET.</param>
/// <param name="Groups">Numbers of the named groups.</param>
internal sealed record RustPattern(string Text, IReadOnlyDictionary<string, int> Groups)
{
    /// <summary>States of the automaton, about: repetitions multiply what they repeat.</summary>
    private const long MaxStates = 10_000;

    /// <exception cref="RewriteRuleException">Unsupported syntax, or the automaton would be too large.</exception>
    public static RustPattern Translate(string pattern) => new Translator(pattern).Run();

    private sealed class Translator(string pattern)
    {
        private readonly StringBuilder _output = new();
        private readonly Dictionary<string, int> _groups = new(StringComparer.Ordinal);
        private readonly Stack<long> _outer = new();
        private int _at;
        private int _group;

        /// <summary>States of the current group without its last item.</summary>
        private long _states;

        /// <summary>States of the last item, which a repetition would multiply.</summary>
        private long _item;

        public RustPattern Run()
        {
            while (_at < pattern.Length)
            {
                Step();
            }

            if (_states + _item > MaxStates)
            {
                throw TooLarge();
            }

            return new RustPattern(_output.ToString(), _groups);
        }

        private void Step()
        {
            char c = pattern[_at];
            switch (c)
            {
                case '\\':
                    NewItem(1);
                    Copy(2);
                    break;
                case '[':
                    NewItem(1);
                    CopyClass();
                    break;
                case '(':
                    NewItem(0);
                    _outer.Push(_states);
                    _states = 0;
                    OpenGroup();
                    break;
                case ')':
                    long inner = Math.Max(1, _states + _item);
                    if (_outer.TryPop(out _states))
                    {
                        _item = inner;
                    }

                    Copy(1);
                    break;
                case '{':
                    Repeat();
                    break;
                default:
                    NewItem(c is '*' or '+' or '?' or '|' or '^' or '$' ? 0 : 1, keep: c is '*' or '+' or '?');
                    Copy(1);
                    break;
            }
        }

        private void NewItem(long states, bool keep = false)
        {
            if (!keep)
            {
                _states += _item;
                _item = states;
            }
        }

        private void OpenGroup()
        {
            var rest = pattern.AsSpan(_at);
            int nameAt = rest.StartsWith("(?P<") ? 4 : rest.StartsWith("(?<") && !rest.StartsWith("(?<=") && !rest.StartsWith("(?<!") ? 3 : 0;
            if (nameAt > 0)
            {
                int end = rest.IndexOf('>');
                if (end < 0 || !_groups.TryAdd(rest[nameAt..end].ToString(), _group + 1))
                {
                    throw new RewriteRuleException("invalid pattern in a rewrite rule: a group's name is malformed or used twice");
                }

                _at += end + 1;
                _output.Append($"(?<{++_group}>");
            }
            else if (rest.StartsWith("(?"))
            {
                Copy(2);
            }
            else
            {
                _output.Append($"(?<{++_group}>");
                _at++;
            }
        }

        private void Repeat()
        {
            int end = pattern.IndexOf('}', _at);
            if (end < 0)
            {
                throw new RewriteRuleException("invalid pattern in a rewrite rule: a repetition is not closed");
            }

            long most = 1;
            foreach (string bound in pattern[(_at + 1)..end].Split(','))
            {
                most = long.TryParse(bound, out long count) ? Math.Max(most, Math.Min(count, MaxStates)) : most;
            }

            _item *= most;
            if (_item > MaxStates)
            {
                throw TooLarge();
            }

            Copy(end + 1 - _at);
        }

        private void CopyClass()
        {
            int start = _at;
            Copy(pattern.AsSpan(_at).StartsWith("[^") ? 2 : 1);
            if (_at < pattern.Length && pattern[_at] == ']')
            {
                Copy(1); // a bracket in the first place is a member
            }

            while (_at < pattern.Length && pattern[_at] != ']')
            {
                var rest = pattern.AsSpan(_at);
                if (rest[0] == '[' || rest.StartsWith("&&") || rest.StartsWith("--") || rest.StartsWith("~~"))
                {
                    throw new RewriteRuleException(
                        $"invalid pattern in a rewrite rule: nested character class at {start} is not supported");
                }

                Copy(rest[0] == '\\' ? 2 : 1);
            }

            Copy(1);
        }

        private void Copy(int length)
        {
            length = Math.Min(length, pattern.Length - _at);
            _output.Append(pattern, _at, length);
            _at += length;
        }

        private static RewriteRuleException TooLarge() => new("invalid pattern in a rewrite rule: repetitions make it too large");
    }
}
