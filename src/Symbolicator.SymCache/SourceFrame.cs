using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache;

/// <summary>
/// One function at an address: the innermost inlined call first, the function that contains the code last.
/// Texts are had from the cache by id.
/// </summary>
/// <param name="FunctionId">For <see cref="SymCacheFile.GetFunctionName"/>; -1 when the cache is damaged.</param>
/// <param name="EntryRva">Where the function starts; only of the outermost frame.</param>
/// <param name="Language">Language of the function.</param>
/// <param name="FileId">For <see cref="SymCacheFile.GetPath"/>; 0 when unknown.</param>
/// <param name="Line">1-based: the line that is executed, or of the call to the frame before; 0 when unknown.</param>
/// <param name="IsInline">True for all frames but the outermost.</param>
public readonly record struct SourceFrame(
    int FunctionId, ulong? EntryRva, SourceLanguage Language, int FileId, uint Line, bool IsInline);
