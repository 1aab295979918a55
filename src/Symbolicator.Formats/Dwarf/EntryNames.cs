using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Names and languages of functions. A name is looked for in the entry and along its chain of abstract origins and
/// specifications, also into other units: the first linkage name counts, else the first plain name. Plain names are
/// not qualified by their scopes, as other tools give them.
/// </summary>
internal sealed class EntryNames(UnitStore units, InternPool names, ParseLimits limits, WorkBudget budget)
{
    /// <summary>Entries referred to before: thousands of inlined calls name the same few.</summary>
    private const int Remembered = 4096;

    private readonly Origin[] _remembered = new Origin[Remembered];

    /// <param name="unit">Of the entry.</param>
    /// <param name="values">Of the entry.</param>
    /// <param name="inherited">Language of what encloses the entry.</param>
    public (StringRef Name, SourceLanguage Language) Resolve(
        DwarfUnit unit, in EntryAttributes values, SourceLanguage inherited)
    {
        var linkage = names.Intern(unit.GetText(values[Slot.LinkageName]));
        var reference = Reference(values);
        if (!reference.IsPresent || !units.TryResolve(unit, reference, out var next, out int position))
        {
            return (linkage.IsNone ? names.Intern(unit.GetText(values[Slot.Name])) : linkage, inherited);
        }

        var origin = Follow(next, position);
        if (linkage.IsNone)
        {
            linkage = origin.Linkage;
        }

        if (linkage.IsNone)
        {
            linkage = names.Intern(unit.GetText(values[Slot.Name]));
        }

        // Under link-time optimisation the unit of the code says nothing of the language; that of the origin does.
        // The language of a partial unit, which serves several others, means nothing either.
        bool known = origin.Language != SourceLanguage.Unknown && origin.LanguageUnit != unit.Id;
        return (linkage.IsNone ? origin.Name : linkage, known ? origin.Language : inherited);
    }

    private Origin Follow(DwarfUnit unit, int position)
    {
        ulong key = unchecked(unit.Id + (ulong)position);
        ref var slot = ref _remembered[(int)(key % Remembered)];
        if (slot.Key != key)
        {
            slot = Read(unit, position) with { Key = key };
        }

        return slot;
    }

    private Origin Read(DwarfUnit unit, int position)
    {
        StringRef linkage = default;
        StringRef name = default;
        var last = unit;
        for (int depth = 0; depth < limits.OriginDepth && budget.HasEntries; depth++)
        {
            var reader = unit.ReaderAt(position);
            if (!unit.Abbrevs.TryGet(reader.ReadUleb128(), out var abbrev)
                || abbrev.Kind is not (EntryKind.Function or EntryKind.InlinedCall))
            {
                break;
            }

            unit.Abbrevs.Read(ref reader, abbrev, out var values);
            budget.TakeEntries(reader.Position - position);
            if (!reader.Fault.IsNone)
            {
                break;
            }

            last = unit;
            linkage = linkage.IsNone ? names.Intern(unit.GetText(values[Slot.LinkageName])) : linkage;
            name = name.IsNone ? names.Intern(unit.GetText(values[Slot.Name])) : name;
            var reference = Reference(values);
            if (!reference.IsPresent || !units.TryResolve(unit, reference, out var next, out int at)
                || (next == unit && at == position))
            {
                break;
            }

            unit = next;
            position = at;
        }

        return new Origin(0, linkage, name, last.Id, last.IsPrimary ? last.Language : SourceLanguage.Unknown);
    }

    private static AttributeValue Reference(in EntryAttributes values)
    {
        var origin = values[Slot.AbstractOrigin];
        return origin.IsPresent ? origin : values[Slot.Specification];
    }

    /// <summary>What the chain from an entry on gives. It keeps no unit alive; no entry has the key 0.</summary>
    private readonly record struct Origin(
        ulong Key, StringRef Linkage, StringRef Name, ulong LanguageUnit, SourceLanguage Language);
}
