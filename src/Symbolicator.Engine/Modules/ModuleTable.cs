using Symbolicator.Engine.Contracts;

namespace Symbolicator.Engine.Modules;

/// <summary>
/// Which module an address belongs to. A module covers the half-open range from its address; without a size it reaches
/// to the next module, the last one to the end of memory. Where modules overlap the one that starts last wins, of
/// several that start together the smallest, of equal ones the last. Immutable.
/// </summary>
public sealed class ModuleTable
{
    private readonly ModuleEntry[] _entries;
    private readonly List<Piece> _pieces = [];

    public ModuleTable(IReadOnlyList<ModuleInfo> modules)
    {
        _entries = new ModuleEntry[modules.Count];
        int[] order = [.. Enumerable.Range(0, modules.Count).OrderBy(i => modules[i].ImageAddr)];
        var ranges = new List<Piece>(modules.Count);
        for (int i = 0; i < order.Length; i++)
        {
            var info = modules[order[i]];
            if (info.ImageSize is null or 0 && i + 1 < order.Length)
            {
                info = info with { ImageSize = modules[order[i + 1]].ImageAddr - info.ImageAddr };
            }

            var entry = new ModuleEntry(order[i], info);
            _entries[order[i]] = entry;
            if (TryGetLast(info, isLast: i + 1 == order.Length, out ulong last))
            {
                ranges.Add(new Piece(info.ImageAddr, last, entry));
            }
        }

        Flatten(ranges);
    }

    /// <summary>In the order of the request.</summary>
    public IReadOnlyList<ModuleEntry> Entries => _entries;

    /// <summary>The module of an address, null when there is none.</summary>
    public ModuleEntry? Find(ulong address, AddrMode mode)
    {
        if (mode.Module is { } index)
        {
            return index < (uint)_entries.Length ? _entries[index] : null;
        }

        int low = 0;
        int high = _pieces.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            var piece = _pieces[middle];
            if (address < piece.First)
            {
                high = middle - 1;
            }
            else if (address > piece.Last)
            {
                low = middle + 1;
            }
            else
            {
                return piece.Entry;
            }
        }

        return null;
    }

    /// <summary>The last address covered; false for a module that covers none.</summary>
    private static bool TryGetLast(ModuleInfo info, bool isLast, out ulong last)
    {
        ulong size = info.ImageSize ?? 0;
        last = size == 0 ? ulong.MaxValue : unchecked(info.ImageAddr + (size - 1));
        return size == 0 ? isLast : last >= info.ImageAddr;
    }

    /// <summary>Cuts overlapping ranges into pieces with one owner: a sweep with a stack of the modules that are open.</summary>
    private void Flatten(List<Piece> ranges)
    {
        var open = new Stack<Piece>();
        ulong at = 0;
        foreach (var range in ranges.OrderBy(r => r.First).ThenByDescending(r => r.Last))
        {
            while (open.TryPeek(out var top) && top.Last < range.First)
            {
                Close(open.Pop(), ref at);
            }

            if (open.TryPeek(out var outer) && at < range.First)
            {
                _pieces.Add(outer with { First = at, Last = range.First - 1 });
            }

            at = range.First;
            open.Push(range);
        }

        bool atEnd = false;
        while (!atEnd && open.TryPop(out var top))
        {
            Close(top, ref at);
            atEnd = top.Last == ulong.MaxValue;
        }

        // Modules that end inside one that started later are behind `at` already and own nothing more.
        void Close(Piece piece, ref ulong at)
        {
            if (at <= piece.Last)
            {
                _pieces.Add(piece with { First = at });
                at = unchecked(piece.Last + 1);
            }
        }
    }

    /// <summary>Inclusive, so that the last byte of memory can be covered.</summary>
    private readonly record struct Piece(ulong First, ulong Last, ModuleEntry Entry);
}
