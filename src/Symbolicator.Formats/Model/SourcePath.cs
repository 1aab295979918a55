using System.Text;

namespace Symbolicator.Formats.Model;

/// <summary>
/// Paths of source files as compilers store them. They come from any operating system and are text only: nothing here
/// looks at a file system. Absolute are <c>/x</c>, <c>X:\x</c>, <c>X:/x</c> and <c>\\server</c>.
/// </summary>
public static class SourcePath
{
    /// <summary>Joins the parts of a path; each part that is absolute replaces what stands before it.</summary>
    public static string Join(string? compilationDirectory, string? directory, string name) =>
        Join(Join(compilationDirectory ?? "", directory ?? ""), name);

    /// <summary>
    /// Appends <paramref name="other"/> to <paramref name="prefix"/>. Names in angle brackets (<c>&lt;stdin&gt;</c>) and
    /// absolute paths stand for themselves; <c>\x</c> keeps the drive of the prefix. The separator is a backslash when
    /// either side looks like Windows.
    /// </summary>
    public static string Join(string prefix, string other)
    {
        if (IsPseudo(other) || IsAbsolute(other) || prefix.Length == 0)
        {
            return other;
        }

        if (other.Length == 0)
        {
            return prefix;
        }

        if (other[0] == '\\')
        {
            // Rooted without a drive.
            return HasDrive(prefix) ? string.Concat(prefix.AsSpan(0, 2), other) : other;
        }

        bool windows = LooksLikeWindows(prefix) || LooksLikeWindows(other);
        char last = prefix[^1];
        return last == '/' || (windows && last == '\\') ? prefix + other : prefix + (windows ? '\\' : '/') + other;
    }

    /// <summary>
    /// Resolves <c>.</c> and <c>..</c> and drops repeated separators. A relative path keeps the <c>..</c> that lead out
    /// of it; an absolute one never leaves its root.
    /// </summary>
    public static string Clean(string path)
    {
        if (IsPseudo(path))
        {
            return path;
        }

        bool windows = LooksLikeWindows(path);
        int root = RootLength(path);
        var cleaned = new StringBuilder(path, 0, root, path.Length);
        int depth = 0; // components that a ".." may remove
        for (int at = root; at < path.Length;)
        {
            int end = at;
            while (end < path.Length && !IsSeparator(path[end], windows))
            {
                end++;
            }

            var component = path.AsSpan(at, end - at);
            if (component is "..")
            {
                if (depth > 0)
                {
                    RemoveLast(cleaned, root, windows);
                    depth--;
                }
                else if (root == 0)
                {
                    Append(cleaned, root, path, at, component, windows);
                }
            }
            else if (component.Length > 0 && component is not ".")
            {
                Append(cleaned, root, path, at, component, windows);
                depth++;
            }

            at = end + 1;
        }

        return cleaned.ToString();
    }

    /// <summary>The last component; a backslash separates whatever the rest looks like.</summary>
    public static string FileName(string path) => path[(path.AsSpan().LastIndexOfAny('/', '\\') + 1)..];

    /// <summary>True for <c>/x</c>, a drive with a separator, and UNC paths.</summary>
    public static bool IsAbsolute(string path) => path.StartsWith('/') || IsAbsoluteWindows(path);

    private static bool IsAbsoluteWindows(string path) =>
        path.StartsWith(@"\\", StringComparison.Ordinal) || (HasDrive(path) && path.Length > 2 && path[2] is '\\' or '/');

    private static bool HasDrive(string path) => path.Length >= 2 && path[1] == ':' && char.IsAsciiLetter(path[0]);

    private static bool LooksLikeWindows(string path) =>
        !path.StartsWith('/') && (IsAbsoluteWindows(path) || path.Contains('\\'));

    private static bool IsPseudo(string path) => path.Length >= 2 && path[0] == '<' && path[^1] == '>';

    private static bool IsSeparator(char c, bool windows) => c == '/' || (windows && c == '\\');

    /// <summary>The part that ".." cannot remove: "/", "X:\", "\", or "\\server".</summary>
    private static int RootLength(string path)
    {
        if (path.StartsWith(@"\\", StringComparison.Ordinal))
        {
            int end = path.AsSpan(2).IndexOfAny('\\', '/');
            return end < 0 ? path.Length : end + 3;
        }

        if (HasDrive(path) && path.Length > 2 && path[2] is '\\' or '/')
        {
            return 3;
        }

        return path.Length > 0 && path[0] is '/' or '\\' ? 1 : 0;
    }

    /// <summary>Appends a component with the separator that stood before it in the source.</summary>
    private static void Append(StringBuilder cleaned, int root, string path, int at, ReadOnlySpan<char> component, bool windows)
    {
        if (cleaned.Length > root)
        {
            cleaned.Append(at > root ? path[at - 1] : windows ? '\\' : '/');
        }

        cleaned.Append(component);
    }

    private static void RemoveLast(StringBuilder cleaned, int root, bool windows)
    {
        int end = cleaned.Length;
        while (end > root && !IsSeparator(cleaned[end - 1], windows))
        {
            end--;
        }

        // The separator goes too, but never one of the root.
        cleaned.Length = end > root ? end - 1 : root;
    }
}
