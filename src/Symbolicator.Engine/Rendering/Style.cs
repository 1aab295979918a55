namespace Symbolicator.Engine.Rendering;

/// <summary>Escape sequences around parts of people's output.</summary>
public sealed record Style(string Address, string Name, string Place, string Dim, string Off)
{
    public static Style Plain { get; } = new("", "", "", "", "");

    public static Style Ansi { get; } = new("\e[33m", "\e[1m", "\e[36m", "\e[2m", "\e[0m");
}
