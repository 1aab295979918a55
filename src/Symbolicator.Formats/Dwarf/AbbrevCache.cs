using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Abbreviation tables by offset and encoding: link-time optimised units share one by the thousands. Bounded by memory;
/// the least recently used half goes when it is full.
/// </summary>
internal sealed class AbbrevCache(DwarfSections sections, ParseLimits limits, WorkBudget budget, FaultLog faults)
{
    private const long MaxCost = 48 << 20;

    private readonly Dictionary<(ulong Offset, DwarfEncoding Encoding), Held> _tables = [];
    private long _cost;
    private long _clock;

    /// <summary>Changes when tables are dropped: who keeps units, which keep tables, drops them too.</summary>
    public int Generation { get; private set; }

    /// <summary>Null when the table is outside of its section or too much work was spent on tables.</summary>
    public AbbrevTable? Get(ulong offset, in DwarfEncoding encoding)
    {
        if (_tables.TryGetValue((offset, encoding), out var held))
        {
            held.LastUse = ++_clock;
            return held.Table;
        }

        var reader = sections.Abbrev.ReaderAt(offset, sections.BigEndian);
        if (reader.AtEnd || !budget.HasAbbrevs)
        {
            var reason = reader.AtEnd ? MalformedReason.OutOfRange : MalformedReason.StepsOverLimit;
            faults.Add(new ParseFault(reason, reader.FileOffset), "abbreviations");
            return null;
        }

        var table = AbbrevTable.Read(ref reader, encoding, limits.Abbreviations);
        budget.TakeAbbrevs(table.BytesRead);
        if (!reader.Fault.IsNone)
        {
            faults.Add(reader.Fault, "abbreviations");
        }

        if (_cost + table.Cost > MaxCost)
        {
            DropOlderHalf();
        }

        _cost += table.Cost;
        _tables.Add((offset, encoding), new Held(table) { LastUse = ++_clock });
        return table;
    }

    private void DropOlderHalf()
    {
        Generation++;
        var byAge = _tables.ToArray();
        Array.Sort(byAge, static (a, b) => a.Value.LastUse.CompareTo(b.Value.LastUse));
        foreach (var (key, held) in byAge.AsSpan(0, (byAge.Length + 1) / 2))
        {
            _tables.Remove(key);
            _cost -= held.Table.Cost;
        }
    }

    private sealed class Held(AbbrevTable table)
    {
        public AbbrevTable Table { get; } = table;

        public long LastUse { get; set; }
    }
}
