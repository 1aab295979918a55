using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache.Build;

/// <summary>
/// Symbols by address, several names at an address kept. Chooses one spelling without depending on the order of the
/// symbol table: a name equal to the one of the debug information, else a symbol with a size before one without,
/// else the first in bytewise order.
/// </summary>
public sealed class SymbolIndex
{
    private readonly InternPool _names;
    private readonly PublicSymbol[] _symbols;

    /// <summary>Reads all symbols with a name.</summary>
    public SymbolIndex(ISymbolCursor symbols, InternPool names)
    {
        _names = names;
        var list = new List<PublicSymbol>();
        while (symbols.TryReadNext(out var symbol))
        {
            if (!symbol.Name.IsNone)
            {
                list.Add(symbol);
            }
        }

        list.Sort(Compare);
        _symbols = [.. list];
    }

    /// <summary>Symbols, aliases included.</summary>
    public int Count => _symbols.Length;

    /// <summary>Bytes of the index for each symbol.</summary>
    internal const int BytesPerSymbol = 24;

    /// <summary>The spelling of the symbol table for a function that starts at an address, else the given one.</summary>
    public StringRef NameAt(ulong address, StringRef debugName)
    {
        int first = FirstAt(address);
        if (first >= _symbols.Length || _symbols[first].Address != address)
        {
            return debugName;
        }

        for (int i = first; i < _symbols.Length && _symbols[i].Address == address; i++)
        {
            if (_symbols[i].Name == debugName)
            {
                return debugName;
            }
        }

        return _symbols[first].Name;
    }

    /// <summary>The preferred symbol of each address in ascending order; <see cref="PublicSymbol.Size"/> as stated.</summary>
    internal IEnumerable<PublicSymbol> Preferred()
    {
        for (int i = 0; i < _symbols.Length; i++)
        {
            if (i == 0 || _symbols[i].Address != _symbols[i - 1].Address)
            {
                yield return _symbols[i];
            }
        }
    }

    /// <summary>
    /// The symbol that covers an address (none when there is none) and where that answer ends. A symbol with a size
    /// wins over a later one without, as in the table of rows.
    /// </summary>
    internal PublicSymbol Covering(ulong address, out ulong end)
    {
        int next = FirstAt(address);
        while (next < _symbols.Length && _symbols[next].Address == address)
        {
            next++;
        }

        ulong nextStart = next < _symbols.Length ? _symbols[next].Address : ulong.MaxValue;
        end = nextStart;

        // Labels inside a function are few: a short look back finds the symbol around them.
        const int MaxLookBack = 16;
        var nearest = default(PublicSymbol);
        int distinct = 0;
        for (int i = next - 1; i >= 0 && distinct < MaxLookBack; i--)
        {
            bool head = i == 0 || _symbols[i - 1].Address != _symbols[i].Address;
            if (!head)
            {
                continue;
            }

            var symbol = _symbols[i];
            if (symbol.Size > address - symbol.Address)
            {
                end = Math.Min(nextStart, EndOf(symbol));
                return symbol;
            }

            if (distinct++ == 0 && symbol.Size == 0)
            {
                nearest = symbol;
            }
            else if (!nearest.Name.IsNone && symbol.Size > nearest.Address - symbol.Address)
            {
                // A label inside a symbol that has ended: it does not name what comes behind.
                return default;
            }
        }

        return nearest;
    }

    internal static ulong EndOf(in PublicSymbol symbol) =>
        symbol.Size > ulong.MaxValue - symbol.Address ? ulong.MaxValue : symbol.Address + symbol.Size;

    private int Compare(PublicSymbol left, PublicSymbol right)
    {
        int byAddress = left.Address.CompareTo(right.Address);
        int bySize = byAddress != 0 ? byAddress : (left.Size == 0).CompareTo(right.Size == 0);
        int byName = bySize != 0 ? bySize : _names.Get(left.Name).SequenceCompareTo(_names.Get(right.Name));
        return byName != 0 ? byName : right.Size.CompareTo(left.Size);
    }

    private int FirstAt(ulong address)
    {
        int first = 0;
        int end = _symbols.Length;
        while (first < end)
        {
            int middle = first + ((end - first) / 2);
            if (_symbols[middle].Address < address)
            {
                first = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return first;
    }
}
