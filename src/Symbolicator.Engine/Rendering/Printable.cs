using System.Text;

namespace Symbolicator.Engine.Rendering;

/// <summary>Text of untrusted files for people: no control characters, which could drive a terminal.</summary>
public static class Printable
{
    public static string Of(ReadOnlySpan<byte> utf8) => Of(Encoding.UTF8.GetString(utf8));

    public static string Of(string text)
    {
        return text.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && text.AsSpan().IndexOfAnyInRange('\x7f', '\x9f') < 0
            ? text
            : string.Create(text.Length, text, static (span, source) =>
            {
                for (int i = 0; i < span.Length; i++)
                {
                    span[i] = char.IsControl(source[i]) ? '\ufffd' : source[i];
                }
            });
    }
}
