namespace Symbolicator.SymCache;

/// <summary>What a build read and wrote.</summary>
/// <param name="BytesIn">Size of the source as the options state it.</param>
/// <param name="BytesOut">Size of the cache.</param>
/// <param name="Functions">Functions with code of their own.</param>
/// <param name="InlinedFunctions">Functions that are only inlined.</param>
/// <param name="Rows">Address ranges, gaps included.</param>
/// <param name="Contexts">Distinct chains of inlined calls.</param>
/// <param name="Names">Distinct function names.</param>
/// <param name="Files">Distinct source files.</param>
/// <param name="Faults">Records that were skipped, by the reader and by the builder.</param>
/// <param name="SpilledBytes">Bytes of rows that went through the temporary file.</param>
/// <param name="PeakBytes">Upper estimate of the memory that the builder held (docs/symcache-format.md, "Memory").</param>
public sealed record BuildReport(
    long BytesIn,
    long BytesOut,
    int Functions,
    int InlinedFunctions,
    long Rows,
    long Contexts,
    int Names,
    int Files,
    long Faults,
    long SpilledBytes,
    long PeakBytes);
