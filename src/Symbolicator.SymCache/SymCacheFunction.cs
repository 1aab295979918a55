using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache;

/// <summary>A function with code of its own.</summary>
/// <param name="Id">For <see cref="SymCacheFile.GetFunctionName"/>.</param>
/// <param name="Entry">Address of its first byte relative to the image base.</param>
/// <param name="Size">Bytes as the source states them; also parts that another function covers.</param>
/// <param name="FromDebugInfo">False for a symbol of the symbol table.</param>
/// <param name="InlineeCount">Inlined calls at all depths, one per address range.</param>
/// <param name="MaxInlineDepth">Deepest nesting of inlined calls, 0 for none.</param>
public readonly record struct SymCacheFunction(
    int Id, ulong Entry, ulong Size, SourceLanguage Language, bool FromDebugInfo, long InlineeCount, int MaxInlineDepth);

/// <summary>From this address to the next row the same frames hold.</summary>
/// <param name="Start">Relative to the image base.</param>
/// <param name="Context">Inline context, -1 for a gap: nothing is known.</param>
/// <param name="FileId">Of the innermost frame; 0 when unknown.</param>
/// <param name="Line">Of the innermost frame; 0 when unknown.</param>
public readonly record struct SymCacheRow(ulong Start, long Context, int FileId, uint Line)
{
    public bool IsGap => Context < 0;
}
