namespace Symbolicator.SymCache.Layout;

/// <summary>Nodes of CTX are found by groups.</summary>
internal static class ContextGroup
{
    /// <summary>Nodes of a group: each frame of a lookup decodes half of one on average.</summary>
    public const int Size = 4;

    public static long Count(uint nodes) => ((long)nodes + Size - 1) / Size;
}
