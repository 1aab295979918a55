using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Streams the functions of DWARF 2 to 5 unit by unit, in the order in which their entries end: a nested function comes
/// before the one around it. After the functions of a unit come its lines that none of them covers, in buffers without
/// a name. Of a file only the offsets of its units are kept; the rest is memory of one unit and bounded caches.
/// </summary>
/// <remarks>
/// <para>Functions are given as the units list them: the same code may come several times, from units that the linker
/// folded together, and two functions may overlap. The first one of equal ranges is the one to keep. Lines without a
/// name give way to any function of any unit.</para>
/// <para>A damaged unit loses what follows the damage, nothing else; the fault log says where.</para>
/// </remarks>
public sealed class DwarfDebugSession : IDebugSession
{
    private readonly WorkBudget _budget;
    private readonly FaultLog _faults;
    private readonly UnitStore _units;
    private readonly UnitLines _lines;
    private readonly FunctionCollector _functions;
    private readonly UncoveredLines _uncovered = new();
    private DwarfUnit? _unit;
    private int _next;

    /// <param name="sections">Stay in use until the session ends.</param>
    /// <param name="names">Takes the names and files of the functions.</param>
    /// <param name="limits">Bounds on what the file may ask for.</param>
    /// <param name="faults">Takes what had to be skipped.</param>
    public DwarfDebugSession(DwarfSections sections, InternPool names, ParseLimits limits, FaultLog faults)
    {
        _budget = new WorkBudget(sections);
        _faults = faults;
        var code = new CodeFilter(sections);
        _units = new UnitStore(sections, limits, _budget, faults);
        _lines = new UnitLines(sections, names, limits, code, _budget, faults);
        var ranges = new EntryRanges(sections, code, limits, _budget, faults);
        _functions = new FunctionCollector(new EntryNames(_units, names, limits, _budget), ranges, _lines, limits, faults);
    }

    public bool TryReadNext(FunctionBuffer into)
    {
        into.Clear();
        while (_unit is not null || TryBeginUnit())
        {
            if (_functions.Next() is { } function)
            {
                Fill(into, function);
                return true;
            }

            if (TryReadUncovered(into))
            {
                return true;
            }

            _unit = null;
        }

        return false;
    }

    public void Dispose()
    {
        // The container owns the sections.
    }

    private bool TryBeginUnit()
    {
        while (_next < _units.Count)
        {
            _unit = _units.Get(_next++);
            if (_unit is not null)
            {
                _lines.Begin(_unit);
                _functions.Begin(_unit);
                _uncovered.Clear();
                return true;
            }
        }

        return false;
    }

    private void Fill(FunctionBuffer into, OpenFunction function)
    {
        into.Name = function.Name;
        into.Language = function.Language;
        into.Ranges.AddRange(function.Ranges);
        into.Inlines.AddRange(function.Inlines);
        into.InlineRanges.AddRange(function.InlineRanges);
        _uncovered.Cover(function.Ranges);

        if (!_budget.HasRows)
        {
            _faults.Add(new ParseFault(MalformedReason.StepsOverLimit, 0), "lines of a function");
            return;
        }

        bool hasLines = false;
        foreach (var range in function.Ranges)
        {
            hasLines |= _lines.Table.CopyRange(range, _lines.Header, into.Lines);
        }

        _budget.TakeRows(into.Lines.Count);
        if (!hasLines)
        {
            into.Lines.Clear();
        }
    }

    /// <summary>Partial and type units name line programs for the sake of their files; the rows are of other units.</summary>
    private bool TryReadUncovered(FunctionBuffer into)
    {
        if (!_unit!.IsPrimary || !_uncovered.TryReadNext(_lines.Table, _lines.Header, into))
        {
            return false;
        }

        into.Language = _unit.Language;
        return true;
    }
}
