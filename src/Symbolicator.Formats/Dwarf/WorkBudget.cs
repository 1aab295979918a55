namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Limits work that entries can ask for again and again: many units may share one table, and many entries one list.
/// Begins in proportion to the sections, so that no sound file comes near the end.
/// </summary>
internal sealed class WorkBudget(DwarfSections sections)
{
    private const long Floor = 16 << 20;
    private const int Reuse = 16;

    /// <summary>Each unit that reads a line program makes its files anew, below its own directory.</summary>
    private const long LineFloor = 2 << 20;

    /// <summary>Ranges are kept for the length of a unit; a list has one reader, and an entry two bytes at least.</summary>
    private const long RangeFloor = 1 << 20;

    private long _abbrevBytes = Floor + (Reuse * sections.Abbrev.Length);
    private long _lineBytes = LineFloor + (Reuse * sections.Line.Length);
    private long _rangeEntries = RangeFloor + (2 * (sections.Ranges.Length + sections.RngLists.Length));

    private long _rows = Floor + (Reuse * sections.Line.Length);
    private long _textBytes = Floor + (Reuse * (sections.Str.Length + sections.LineStr.Length + sections.Line.Length + sections.Info.Length));
    private long _entryBytes = Floor + (Reuse * (sections.Info.Length + sections.Types.Length));

    public bool HasAbbrevs => _abbrevBytes > 0;

    public bool HasLines => _lineBytes > 0;

    public bool HasRanges => _rangeEntries > 0;

    /// <summary>Rows of functions: many may cover the same ones.</summary>
    public bool HasRows => _rows > 0;

    /// <summary>Names and paths: many entries may point into one long text.</summary>
    public bool HasTexts => _textBytes > 0;

    /// <summary>Entries read because others refer to them, and unit entries, which are read again after others.</summary>
    public bool HasEntries => _entryBytes > 0;

    public void TakeAbbrevs(long bytes) => _abbrevBytes -= bytes;

    public void TakeLines(long bytes) => _lineBytes -= bytes;

    public void TakeRange() => _rangeEntries--;

    public void TakeRows(long rows) => _rows -= rows;

    public void TakeTexts(long bytes) => _textBytes -= bytes;

    public void TakeEntries(long bytes) => _entryBytes -= bytes;
}
