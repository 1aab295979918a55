namespace Symbolicator.SymCache.Layout;

/// <summary>Bits of the attribute byte of a function.</summary>
internal static class FunctionAttributes
{
    public const byte LanguageMask = 0x3f;

    /// <summary>From debug information, not only from a symbol table.</summary>
    public const byte FromDebugInfo = 0x80;
}
