namespace Symbolicator.Engine.Frames;

/// <summary>Paths of source files on any platform.</summary>
internal static class SourcePathName
{
    /// <summary>The last component, by either slash.</summary>
    public static string FileName(string path) => path[(path.AsSpan().LastIndexOfAny('/', '\\') + 1)..];
}
