using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Model;

/// <summary>Half-open range of addresses relative to the image base.</summary>
public readonly record struct AddressRange(ulong Start, ulong End)
{
    public bool IsEmpty => End <= Start;

    public ulong Size => IsEmpty ? 0 : unchecked(End - Start);

    public bool Contains(ulong address) => address >= Start && address < End;
}

/// <summary>
/// A line-table row: it holds from its address to the next row of the buffer or the end of the function's range.
/// </summary>
/// <param name="Address">Relative to the image base.</param>
/// <param name="File">None together with line 0 for a gap in the line table.</param>
/// <param name="Line">1-based, 0 for code without a line.</param>
public readonly record struct LineRow(ulong Address, FileRef File, uint Line);

/// <summary>
/// An inlined call. Sites are in pre-order: the parent of a site is the nearest earlier one with a smaller depth,
/// or the function itself for depth 0.
/// </summary>
/// <param name="Depth">0 for a call inlined directly into the function.</param>
/// <param name="Function">Raw name of the inlined function, none when unknown.</param>
/// <param name="Language">Language of the inlined function.</param>
/// <param name="CallFile">File of the call, none when unknown.</param>
/// <param name="CallLine">1-based line of the call, 0 when unknown.</param>
/// <param name="FirstRange">Index into <see cref="FunctionBuffer.InlineRanges"/>.</param>
/// <param name="RangeCount">Number of ranges from there.</param>
/// <param name="Call">
/// Sites with the same number, if not 0, are parts of one call and count once; else each range counts as a call.
/// </param>
public readonly record struct InlineSite(
    int Depth,
    StringRef Function,
    SourceLanguage Language,
    FileRef CallFile,
    uint CallLine,
    int FirstRange,
    int RangeCount,
    int Call = 0);

/// <summary>A symbol of a symbol table.</summary>
/// <param name="Address">Relative to the image base.</param>
/// <param name="Size">Bytes; 0 when the table does not say, then it reaches to the next symbol.</param>
/// <param name="Name">Raw name.</param>
/// <param name="Limit">An address that a symbol without a size does not reach past, such as the end of its section; 0 when unknown.</param>
public readonly record struct PublicSymbol(ulong Address, ulong Size, StringRef Name, ulong Limit = 0);
