using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>Streams the code symbols of the static table, then those that only the dynamic one has.</summary>
internal sealed class ElfSymbolCursor : ISymbolCursor
{
    private readonly ElfSymbols _symbols;
    private readonly InternPool _names;
    private readonly FaultLog _faults;
    private readonly ElfSymbolExtents _extents;
    private readonly HashSet<(ulong Address, int Name)>? _onlyDynamic;
    private long _nameBudget;
    private int _table;
    private long _index = 1; // entry 0 is empty by definition

    public ElfSymbolCursor(ElfSymbols symbols, InternPool names, FaultLog faults)
    {
        _symbols = symbols;
        _names = names;
        _faults = faults;
        _extents = new ElfSymbolExtents(symbols);
        foreach (var table in symbols.Tables)
        {
            // Entries may share a long name or overlapping ones, so that the bytes of all names have no bound of
            // their own. Real tables stay far below this.
            _nameBudget += (table.Strings.Length * 16) + (table.Count * 256);
        }

        if (symbols.Tables.Count > 1)
        {
            _onlyDynamic = [];
            _table = 1;
            while (TryReadTable(out var symbol))
            {
                _onlyDynamic.Add((symbol.Address, symbol.Name.Id));
            }

            _table = 0;
            _index = 1;
        }
    }

    public bool TryReadNext(out PublicSymbol symbol)
    {
        for (; _table < _symbols.Tables.Count; _table++, _index = 1)
        {
            while (TryReadTable(out symbol))
            {
                if (_onlyDynamic is null)
                {
                    return true;
                }

                bool pending = _onlyDynamic.Remove((symbol.Address, symbol.Name.Id));
                if (_table == 0 || pending)
                {
                    return true;
                }
            }
        }

        symbol = default;
        return false;
    }

    private bool TryReadTable(out PublicSymbol result)
    {
        var table = _symbols.Tables[_table];
        for (long count = table.Count; _index < count;)
        {
            if (!_symbols.TryReadCode(table, _index++, out var symbol) || !_extents.TrySize(symbol, out ulong size))
            {
                continue;
            }

            var name = _symbols.Name(table, symbol.Name, ref _nameBudget);
            if (_nameBudget < 0)
            {
                _faults.Add(new ParseFault(MalformedReason.StepsOverLimit, table.Entries.Range.Offset), "symbol names");
                break;
            }

            var interned = _names.Intern(name);
            if (!interned.IsNone)
            {
                result = new PublicSymbol(symbol.Address - _symbols.ImageBase, size, interned);
                return true;
            }
        }

        result = default;
        return false;
    }
}
