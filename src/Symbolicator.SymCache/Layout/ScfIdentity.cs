using System.Text;
using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache.Layout;

/// <summary>Text behind the directory: the code id in hex, a NUL, and the name that the file gives itself in UTF-8.</summary>
internal static class ScfIdentity
{
    /// <summary>Ids and names longer than this together do not exist; a longer name is left out.</summary>
    public const int MaxLength = 4096;

    public static byte[] Encode(CodeId? codeId, string? name)
    {
        byte[] text = Encoding.UTF8.GetBytes($"{codeId?.Hex}\0{name}");
        return text.Length <= MaxLength ? text : Encoding.UTF8.GetBytes($"{codeId?.Hex}\0");
    }

    public static (CodeId? CodeId, string? Name) Decode(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)0);
        string name = end < 0 ? "" : Encoding.UTF8.GetString(text[(end + 1)..]);
        return (CodeId.Parse(Encoding.UTF8.GetString(end < 0 ? text : text[..end])), name.Length == 0 ? null : name);
    }
}
