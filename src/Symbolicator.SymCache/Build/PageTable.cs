namespace Symbolicator.SymCache.Build;

/// <summary>
/// Addresses are stored in 32 bits; an image above 4 GiB also needs to know where each 4 GiB page begins: rows of
/// (page, first block, first function).
/// </summary>
internal static class PageTable
{
    /// <summary>Writes nothing when everything starts in page 0.</summary>
    public static void Write(SectionWriter section, IReadOnlyList<ulong> blockStarts, IEnumerable<ulong> entries)
    {
        var pages = new SortedDictionary<uint, (uint Block, uint Function)>();
        uint block = 0;
        foreach (ulong start in blockStarts)
        {
            pages.TryAdd((uint)(start >> 32), (block, uint.MaxValue));
            block++;
        }

        uint function = 0;
        foreach (ulong entry in entries)
        {
            uint page = (uint)(entry >> 32);
            (uint Block, uint Function) known = pages.GetValueOrDefault(page, (uint.MaxValue, uint.MaxValue));
            if (known.Function == uint.MaxValue)
            {
                pages[page] = (known.Block, function);
            }

            function++;
        }

        if (pages.Keys.All(page => page == 0))
        {
            return;
        }

        // A page without blocks or functions of its own points to those of the next page.
        uint nextBlock = block;
        uint nextFunction = function;
        var rows = new Stack<(uint Page, uint Block, uint Function)>();
        foreach (var (page, first) in pages.Reverse())
        {
            nextBlock = first.Block == uint.MaxValue ? nextBlock : first.Block;
            nextFunction = first.Function == uint.MaxValue ? nextFunction : first.Function;
            rows.Push((page, nextBlock, nextFunction));
        }

        foreach (var (page, firstBlock, firstFunction) in rows)
        {
            section.WriteU32(page);
            section.WriteU32(firstBlock);
            section.WriteU32(firstFunction);
        }
    }
}
