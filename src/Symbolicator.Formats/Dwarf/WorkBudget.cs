namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Limits work that entries can ask for again and again: many units may share one table, and many entries one list.
/// Begins in proportion to the sections, so that no sound file comes near the end.
/// </summary>
internal sealed class WorkBudget(DwarfSections sections)
{
    private const long Floor = 64 << 20;
    private const int Reuse = 16;

    /// <summary>Ranges are kept for the length of a unit; a list has one reader, and an entry two bytes at least.</summary>
    private const long RangeFloor = 4 << 20;

    private long _abbrevBytes = Floor + (Reuse * sections.Abbrev.Length);
    private long _lineBytes = Floor + (Reuse * sections.Line.Length);
    private long _rangeEntries = RangeFloor + (2 * (sections.Ranges.Length + sections.RngLists.Length));

    public bool HasAbbrevs => _abbrevBytes > 0;

    public bool HasLines => _lineBytes > 0;

    public bool HasRanges => _rangeEntries > 0;

    public void TakeAbbrevs(long bytes) => _abbrevBytes -= bytes;

    public void TakeLines(long bytes) => _lineBytes -= bytes;

    public void TakeRange() => _rangeEntries--;
}
