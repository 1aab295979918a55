using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>Files and rows of the unit at hand, read when they are first asked for.</summary>
internal sealed class UnitLines(
    DwarfSections sections, InternPool names, ParseLimits limits, CodeFilter code, WorkBudget budget, FaultLog faults)
{
    private readonly LineHeader _header = new(sections, limits, names);
    private readonly LineTable _table = new(code);
    private DwarfUnit? _unit;
    private bool _isHeaderRead;
    private bool _isTableRead;
    private bool _isProgramSound;

    public LineHeader Header => ReadHeader();

    public LineTable Table => ReadTable();

    public void Begin(DwarfUnit unit)
    {
        _unit = unit;
        _isHeaderRead = false;
        _isTableRead = false;
        _isProgramSound = false;
        _header.Clear();
        _table.Clear();
    }

    public FileRef GetFile(in AttributeValue index) =>
        index.TryGetConstant(out ulong file) ? ReadHeader().GetFile(file) : default;

    private LineHeader ReadHeader()
    {
        if (_isHeaderRead || _unit is not { HasLines: true })
        {
            return _header;
        }

        _isHeaderRead = true;
        if (!budget.HasLines)
        {
            Log(new ParseFault(MalformedReason.StepsOverLimit, sections.Line.Range.Offset));
            return _header;
        }

        var fault = _header.Read(_unit);
        budget.TakeLines(_header.HeaderLength);
        _isProgramSound = fault.IsNone;
        Log(fault);
        return _header;
    }

    private LineTable ReadTable()
    {
        if (_isTableRead)
        {
            return _table;
        }

        _isTableRead = true;
        ReadHeader();
        if (!_isProgramSound)
        {
            return _table;
        }

        if (!budget.HasLines)
        {
            Log(new ParseFault(MalformedReason.StepsOverLimit, sections.Line.Range.Offset));
            return _table;
        }

        budget.TakeLines(_header.Length);
        Log(LineProgram.Run(_header, _table, code, limits.LineRows));
        return _table;
    }

    private void Log(ParseFault fault)
    {
        if (!fault.IsNone)
        {
            faults.Add(fault, "line program");
        }
    }
}
