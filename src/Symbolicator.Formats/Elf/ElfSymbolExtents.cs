using System.Runtime.InteropServices;

namespace Symbolicator.Formats.Elf;

/// <summary>
/// How far symbols without a size reach, and which untyped symbols count. Two passes over the tables and memory for
/// only those symbols: the many that are typed and sized cost nothing here.
/// </summary>
/// <remarks>
/// An untyped symbol counts where no typed, sized function covers its address. One that is local counts only outside
/// of the reach of a function without a size, because assembler routines are full of local labels.
/// </remarks>
internal sealed class ElfSymbolExtents
{
    private readonly ulong[] _addresses;
    private readonly ulong[] _limits;
    private readonly ulong[] _ends;
    private readonly Kinds[] _kinds;

    public ElfSymbolExtents(ElfSymbols symbols)
    {
        _addresses = Collect(symbols);
        _limits = new ulong[_addresses.Length];
        _ends = new ulong[_addresses.Length];
        _kinds = new Kinds[_addresses.Length];
        if (_addresses.Length == 0)
        {
            return;
        }

        _ends.AsSpan().Fill(ulong.MaxValue);
        MarkCovered(symbols);
        FindNextEntries();
        Settle();
    }

    /// <summary>Whether a symbol counts, and its size.</summary>
    public bool TrySize(in ElfCodeSymbol symbol, out ulong size)
    {
        size = symbol.Size;
        if (symbol.Rank == ElfSymbolRank.Function)
        {
            return true;
        }

        int index = Array.BinarySearch(_addresses, symbol.Address);
        var kinds = index < 0 ? Kinds.None : _kinds[index];
        bool counts = symbol.Rank switch
        {
            ElfSymbolRank.OpenFunction => (kinds & Kinds.OpenFunction) != 0,
            ElfSymbolRank.GlobalLabel => (kinds & Kinds.KeptGlobal) != 0,
            _ => (kinds & Kinds.KeptLocal) != 0,
        };
        if (counts && size == 0)
        {
            size = _ends[index] - symbol.Address;
        }

        return counts && size != 0;
    }

    private static ulong[] Collect(ElfSymbols symbols)
    {
        var found = new List<ulong>();
        foreach (var table in symbols.Tables)
        {
            long count = table.Count;
            for (long i = 1; i < count; i++)
            {
                if (symbols.TryReadCode(table, i, out var symbol) && symbol.Rank != ElfSymbolRank.Function)
                {
                    found.Add(symbol.Address);
                }
            }
        }

        found.Sort();
        int distinct = 0;
        var all = CollectionsMarshal.AsSpan(found);
        for (int i = 0; i < all.Length; i++)
        {
            if (i == 0 || all[i] != all[i - 1])
            {
                all[distinct++] = all[i];
            }
        }

        return all[..distinct].ToArray();
    }

    private void MarkCovered(ElfSymbols symbols)
    {
        int[] changes = new int[_addresses.Length + 1];
        foreach (var table in symbols.Tables)
        {
            long count = table.Count;
            for (long i = 1; i < count; i++)
            {
                if (!symbols.TryReadCode(table, i, out var symbol))
                {
                    continue;
                }

                int first = FirstAtOrAfter(symbol.Address);
                if (symbol.Rank == ElfSymbolRank.Function)
                {
                    changes[first]++;
                    changes[FirstAtOrAfter(symbol.Address + symbol.Size)]--;
                    if (first > 0)
                    {
                        _ends[first - 1] = Math.Min(_ends[first - 1], symbol.Address);
                    }

                    // An open symbol at the same address ends where the next function starts, not here.
                    continue;
                }

                _limits[first] = Math.Max(_limits[first], symbol.Limit);
                _kinds[first] |= symbol.Rank switch
                {
                    ElfSymbolRank.OpenFunction => Kinds.OpenFunction,
                    ElfSymbolRank.GlobalLabel => Kinds.GlobalLabel,
                    _ => Kinds.LocalLabel,
                };
            }
        }

        int depth = 0;
        for (int i = 0; i < _addresses.Length; i++)
        {
            depth += changes[i];
            if (depth > 0)
            {
                _kinds[i] |= Kinds.Covered;
            }
        }
    }

    /// <summary>Backwards: for each address, where the next function or global label starts.</summary>
    private void FindNextEntries()
    {
        ulong next = ulong.MaxValue;
        for (int i = _addresses.Length - 1; i >= 0; i--)
        {
            next = Math.Min(next, _ends[i]);
            _ends[i] = next;
            if (IsEntry(_kinds[i]))
            {
                next = _addresses[i];
            }
        }
    }

    /// <summary>Forwards: which labels count, and where everything ends.</summary>
    private void Settle()
    {
        ulong reach = 0;
        for (int i = 0; i < _addresses.Length; i++)
        {
            _ends[i] = Math.Min(_ends[i], _limits[i]);
            bool covered = (_kinds[i] & Kinds.Covered) != 0;
            if (IsEntry(_kinds[i]))
            {
                reach = _ends[i];
                _kinds[i] |= covered ? Kinds.None : Kinds.KeptGlobal;
            }
            else if (!covered && _addresses[i] >= reach)
            {
                _kinds[i] |= Kinds.KeptLocal;
                if (i + 1 < _addresses.Length)
                {
                    _ends[i] = Math.Min(_ends[i], _addresses[i + 1]);
                }
            }
        }
    }

    private static bool IsEntry(Kinds kinds) =>
        (kinds & Kinds.OpenFunction) != 0 || (kinds & (Kinds.GlobalLabel | Kinds.Covered)) == Kinds.GlobalLabel;

    private int FirstAtOrAfter(ulong address)
    {
        int index = Array.BinarySearch(_addresses, address);
        return index < 0 ? ~index : index;
    }

    [Flags]
    private enum Kinds : byte
    {
        None = 0,
        OpenFunction = 1,
        GlobalLabel = 2,
        LocalLabel = 4,
        Covered = 8,
        KeptGlobal = 16,
        KeptLocal = 32,
    }
}
