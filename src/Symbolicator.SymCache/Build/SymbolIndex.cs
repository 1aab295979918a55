using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache.Build;

/// <summary>
/// One symbol for each address. Of several the largest is preferred and among equals the last of the symbol table,
/// where linkers put global symbols behind local ones: <c>getaddrinfo</c>, not <c>__GI_getaddrinfo</c>. llvm-symbolizer
/// chooses the same.
/// </summary>
public sealed class SymbolIndex
{
    private readonly PublicSymbol[] _symbols;

    /// <summary>Reads all symbols with a name.</summary>
    public SymbolIndex(ISymbolCursor symbols)
    {
        var list = new List<Ordered>();
        while (symbols.TryReadNext(out var symbol))
        {
            if (!symbol.Name.IsNone)
            {
                list.Add(new Ordered(symbol, list.Count));
            }
        }

        // The others are dropped here: searches would pass over them again and again.
        list.Sort();
        int count = 0;
        foreach (ref readonly var symbol in CollectionsMarshal.AsSpan(list))
        {
            if (count == 0 || list[count - 1].Symbol.Address != symbol.Symbol.Address)
            {
                list[count++] = symbol;
            }
        }

        _symbols = new PublicSymbol[count];
        for (int i = 0; i < _symbols.Length; i++)
        {
            _symbols[i] = list[i].Symbol;
        }
    }

    /// <summary>Addresses with a symbol.</summary>
    public int Count => _symbols.Length;

    /// <summary>Bytes of the index for each symbol.</summary>
    internal const int BytesPerSymbol = 32;

    /// <summary>The spelling of the symbol table for a function that starts at an address, else the given one.</summary>
    public StringRef NameAt(ulong address, StringRef debugName)
    {
        int first = FirstAt(address);
        return first < _symbols.Length && _symbols[first].Address == address ? _symbols[first].Name : debugName;
    }

    /// <summary>Takes away what compilers for Windows add to the names of C functions.</summary>
    internal void RemoveDecorations(InternPool names, CpuFamily cpu)
    {
        foreach (ref var symbol in _symbols.AsSpan())
        {
            var name = names.Get(symbol.Name);
            var plain = CDecoration.Remove(name, cpu);
            if (plain.Length != name.Length)
            {
                symbol = symbol with { Name = names.Intern(plain) };
            }
        }
    }

    /// <summary>The symbols in ascending order; <see cref="PublicSymbol.Size"/> as stated.</summary>
    internal IEnumerable<PublicSymbol> Preferred() => _symbols;

    /// <summary>
    /// The symbol that covers an address (none when there is none) and where that answer ends. A symbol with a size
    /// wins over a later one without, as in the table of rows.
    /// </summary>
    internal PublicSymbol Covering(ulong address, out ulong end)
    {
        int next = FirstAt(address);
        next += next < _symbols.Length && _symbols[next].Address == address ? 1 : 0;
        ulong nextStart = next < _symbols.Length ? _symbols[next].Address : ulong.MaxValue;
        end = nextStart;

        // Labels inside a function are few: a short look back finds the symbol around them.
        const int MaxLookBack = 16;
        var nearest = default(PublicSymbol);
        int distinct = 0;
        for (int i = next - 1; i >= 0 && distinct < MaxLookBack; i--)
        {
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

        if (nearest.Limit != 0)
        {
            end = address < nearest.Limit ? Math.Min(nextStart, nearest.Limit) : nextStart;
            return address < nearest.Limit ? nearest : default;
        }

        return nearest;
    }

    internal static ulong EndOf(in PublicSymbol symbol) =>
        symbol.Size > ulong.MaxValue - symbol.Address ? ulong.MaxValue : symbol.Address + symbol.Size;

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

    /// <summary>Ascending by address; at one address the preferred symbol first.</summary>
    private readonly record struct Ordered(PublicSymbol Symbol, int Number) : IComparable<Ordered>
    {
        public int CompareTo(Ordered other)
        {
            int order = Symbol.Address.CompareTo(other.Symbol.Address);
            order = order != 0 ? order : other.Symbol.Size.CompareTo(Symbol.Size);
            return order != 0 ? order : other.Number.CompareTo(Number);
        }
    }
}
