using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Model;

/// <summary>
/// One function as flat rows, owned and reused by the caller. Addresses are relative to the image base.
/// A buffer whose <see cref="Name"/> is none carries lines of code that no function of the debug information covers
/// (assembler sources, stripped entries): whoever consumes it names its parts by the symbol table.
/// </summary>
public sealed class FunctionBuffer
{
    /// <summary>Raw (mangled) name where there is one.</summary>
    public StringRef Name { get; set; }

    public SourceLanguage Language { get; set; }

    /// <summary>Non-empty, disjoint, ascending. Several for split functions (hot and cold parts): each is its own entry.</summary>
    public List<AddressRange> Ranges { get; } = [];

    /// <summary>Ascending by address, all within <see cref="Ranges"/>; at equal addresses the last one holds.</summary>
    public List<LineRow> Lines { get; } = [];

    /// <summary>Inlined calls in pre-order. Their ranges may leave their parent's: consumers clip.</summary>
    public List<InlineSite> Inlines { get; } = [];

    public List<AddressRange> InlineRanges { get; } = [];

    public void Clear()
    {
        Name = default;
        Language = SourceLanguage.Unknown;
        Ranges.Clear();
        Lines.Clear();
        Inlines.Clear();
        InlineRanges.Clear();
    }
}
