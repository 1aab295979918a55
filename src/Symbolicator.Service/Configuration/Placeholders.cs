using System.Text;

namespace Symbolicator.Service.Configuration;

/// <summary>Replaces <c>${NAME}</c> in scalars by environment variables. <c>$${</c> stands for a literal <c>${</c>.</summary>
internal static class Placeholders
{
    /// <exception cref="ConfigException">A placeholder without an end, or a variable that is not set.</exception>
    public static string Expand(string text, Func<string, string?> environment, string where)
    {
        if (!text.Contains("${", StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            if (text.AsSpan(at).StartsWith("$${"))
            {
                result.Append("${");
                at += 3;
            }
            else if (text.AsSpan(at).StartsWith("${"))
            {
                int end = text.IndexOf('}', at);
                if (end < 0)
                {
                    throw new ConfigException($"{where}: '${{' without '}}'");
                }

                string name = text[(at + 2)..end];
                result.Append(environment(name)
                    ?? throw new ConfigException($"{where}: the environment variable '{name}' is not set"));
                at = end + 1;
            }
            else
            {
                result.Append(text[at++]);
            }
        }

        return result.ToString();
    }
}
