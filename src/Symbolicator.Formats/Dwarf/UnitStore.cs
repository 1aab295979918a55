using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// The units of an object on demand: a list of their offsets, and the most recently opened ones for references from
/// unit to unit.
/// </summary>
internal sealed class UnitStore
{
    /// <summary>Units kept open; a slot each, so that a reference costs no search.</summary>
    private const int Kept = 1024;

    private readonly DwarfSections _sections;
    private readonly ParseLimits _limits;
    private readonly WorkBudget _budget;
    private readonly FaultLog _faults;
    private readonly AbbrevCache _abbrevs;
    private readonly UnitIndex _info;
    private readonly (int Index, DwarfUnit? Unit)[] _open = new (int, DwarfUnit?)[Kept];
    private int _generation;
    private Dictionary<ulong, (bool InTypes, ulong Offset)>? _signatures;

    public UnitStore(DwarfSections sections, ParseLimits limits, WorkBudget budget, FaultLog faults)
    {
        _sections = sections;
        _limits = limits;
        _budget = budget;
        _faults = faults;
        _abbrevs = new AbbrevCache(sections, limits, budget, faults);
        _info = UnitIndex.Read(sections.Info, sections.BigEndian, faults, "unit");
        Array.Fill(_open, (-1, null));
    }

    /// <summary>Units of <c>.debug_info</c>.</summary>
    public int Count => _info.Count;

    /// <summary>Null when the unit cannot be used; why is in the fault log.</summary>
    public DwarfUnit? Get(int index)
    {
        ref var slot = ref _open[index % Kept];
        if (slot.Index == index)
        {
            return slot.Unit;
        }

        var unit = Open(inTypes: false, _info[index]);
        if (_generation != _abbrevs.Generation)
        {
            _generation = _abbrevs.Generation;
            Array.Fill(_open, (-1, null));
        }

        slot = (index, unit);
        return unit;
    }

    /// <summary>The entry that an attribute refers to; false when there is none in this file.</summary>
    public bool TryResolve(DwarfUnit from, in AttributeValue reference, out DwarfUnit unit, out int position)
    {
        unit = from;
        position = 0;
        ulong offset = reference.Number;
        switch (reference.Kind)
        {
            case ValueKind.UnitReference:
                break;
            case ValueKind.InfoReference:
                if (!_info.TryFind(offset, out int index) || Get(index) is not { } found)
                {
                    return false;
                }

                unit = found;
                offset -= found.Header.Offset;
                break;
            case ValueKind.Signature:
                if (FindTypeUnit(reference.Number) is not { } types)
                {
                    return false;
                }

                unit = types;
                offset = types.Header.TypeOffset;
                break;
            default:
                return false;
        }

        if (offset < (ulong)unit.Header.FirstEntry || offset >= unit.Header.Length)
        {
            return false;
        }

        position = (int)offset;
        return true;
    }

    private DwarfUnit? Open(bool inTypes, ulong offset) => DwarfUnit.Open(
        _sections, _limits, _budget, _abbrevs, inTypes ? _sections.Types : _sections.Info, offset, inTypes, _faults);

    private DwarfUnit? FindTypeUnit(ulong signature)
    {
        _signatures ??= ReadSignatures();
        if (!_signatures.TryGetValue(signature, out var at))
        {
            return null;
        }

        return at.InTypes ? Open(inTypes: true, at.Offset)
            : _info.TryFind(at.Offset, out int index) ? Get(index)
            : null;
    }

    private Dictionary<ulong, (bool InTypes, ulong Offset)> ReadSignatures()
    {
        var signatures = new Dictionary<ulong, (bool, ulong)>();
        AddSignatures(signatures, _info, inTypes: false);
        AddSignatures(signatures, UnitIndex.Read(_sections.Types, _sections.BigEndian, _faults, "type unit"), inTypes: true);
        return signatures;
    }

    private void AddSignatures(Dictionary<ulong, (bool InTypes, ulong Offset)> into, UnitIndex units, bool inTypes)
    {
        for (int i = 0; i < units.Count; i++)
        {
            var reader = (inTypes ? _sections.Types : _sections.Info).ReaderAt(units[i], _sections.BigEndian);
            var header = UnitHeader.Read(ref reader, units[i], inTypes);
            if (reader.Fault.IsNone && header.Type is DwUnitType.Type or DwUnitType.SplitType)
            {
                into.TryAdd(header.Signature, (inTypes, units[i]));
            }
        }
    }
}
