using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache;

/// <summary>Identity and figures of a symcache, from its header alone.</summary>
/// <param name="Origin">Format of the file that the cache was made from.</param>
/// <param name="Features">What that file offered.</param>
/// <param name="Name">Name that the file gives itself, null when it has none.</param>
/// <param name="ImageBase">Preferred load address; addresses of the cache are relative to it.</param>
/// <param name="ImageSize">Bytes of the image, 0 when unknown.</param>
/// <param name="SourceSize">Bytes of that file, 0 when unknown.</param>
/// <param name="Fingerprint">Changes when a builder of another version or with other options gives other answers.</param>
/// <param name="PlainStrings">Names are stored as they are: <see cref="SymCacheFile.TryGetFunctionNameSpan"/> works.</param>
/// <param name="FaultCount">Records of the source that were skipped as damaged.</param>
/// <param name="FunctionCount">Functions; ids run from 0.</param>
/// <param name="EntryCount">Functions with code of their own, which have the ids below this; the others are only inlined.</param>
/// <param name="FileCount">Source files; ids run from 1.</param>
/// <param name="RowCount">Address ranges, gaps included.</param>
/// <param name="ContextCount">Distinct chains of inlined calls.</param>
/// <param name="NameCount">Distinct function names.</param>
public sealed record SymCacheInfo(
    Arch Arch,
    DebugId? DebugId,
    CodeId? CodeId,
    string? Name,
    ObjectKind Kind,
    FileFormat Origin,
    ObjectFeatures Features,
    ulong ImageBase,
    ulong ImageSize,
    long SourceSize,
    ulong Fingerprint,
    bool PlainStrings,
    long FaultCount,
    int FunctionCount,
    int EntryCount,
    int FileCount,
    long RowCount,
    long ContextCount,
    int NameCount);
