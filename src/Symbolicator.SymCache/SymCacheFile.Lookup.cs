using System.Buffers.Binary;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache;

public sealed partial class SymCacheFile
{
    internal const int PageEntrySize = 12;

    /// <summary>
    /// The frames at an address relative to the image base, innermost first; none when nothing is known.
    /// Allocates nothing.
    /// </summary>
    public FrameEnumerator Lookup(ulong rva)
    {
        if (!TryFindBlock(rva, out long block, out ulong start))
        {
            return default;
        }

        return BlockReader.TryFind(Block(block), start, rva, out ulong context, out ulong file, out uint line) && context < _counts.Contexts
            ? new FrameEnumerator(this, View(_contexts), View(_functions), (uint)context, FileId(file), line)
            : default;
    }

    /// <summary>True when a function or symbol covers the address.</summary>
    public bool HasSymbolAt(ulong rva)
    {
        var frames = Lookup(rva);
        return frames.MoveNext();
    }

    /// <summary>File ids of damaged rows become "none".</summary>
    internal int FileId(ulong id) => id <= _counts.Files ? (int)id : 0;

    internal uint ContextCount => _counts.Contexts;

    /// <summary>Id, language and, for a function with code of its own, entry; -1 for an id that does not exist.</summary>
    internal int ReadFunction(ReadOnlySpan<byte> functions, ulong id, bool wantEntry, out SourceLanguage language, out ulong? entry)
    {
        language = SourceLanguage.Unknown;
        entry = null;
        if (id >= _counts.Functions)
        {
            return -1;
        }

        long attributes = (4L * _counts.Functions) + (4L * _counts.Entries) + (long)id;
        language = (SourceLanguage)(functions[(int)attributes] & FunctionAttributes.LanguageMask);
        if (wantEntry && id < _counts.Entries)
        {
            entry = EntryOf(functions, (uint)id);
        }

        return (int)id;
    }

    private ulong EntryOf(ReadOnlySpan<byte> functions, uint id)
    {
        uint low = BinaryPrimitives.ReadUInt32LittleEndian(functions[(int)((4L * _counts.Functions) + (4L * id))..]);
        var pages = View(_pages);
        if (pages.IsEmpty)
        {
            return low;
        }

        int page = LastPage(pages, 8, id);
        return page < 0 ? low : ((ulong)PageField(pages, page, 0) << 32) | low;
    }

    /// <summary>The only search of a lookup: the last block that starts at or before the address.</summary>
    private bool TryFindBlock(ulong rva, out long block, out ulong start)
    {
        long first = 0;
        long end = _counts.Blocks;
        uint low = rva > uint.MaxValue ? uint.MaxValue : (uint)rva;
        var starts = View(_blockIndex);
        var pages = View(_pages);
        if (!pages.IsEmpty)
        {
            uint high = (uint)(rva >> 32);
            int page = LastPage(pages, 0, high);
            low = page >= 0 && PageField(pages, page, 0) == high ? unchecked((uint)rva) : uint.MaxValue;
            if (page < 0 || !TryPageBlocks(pages, page, out first, out end))
            {
                block = -1;
                start = 0;
                return false;
            }
        }

        // Before the first block of a page the last one of the page before holds, which is what this comes to.
        block = LastStart(starts, first, end, low);
        start = block < 0 ? 0 : BlockStart(starts, pages, block);
        return block >= 0 && start <= rva;
    }

    private static ulong BlockStart(ReadOnlySpan<byte> starts, ReadOnlySpan<byte> pages, long block)
    {
        uint low = BinaryPrimitives.ReadUInt32LittleEndian(starts[(int)(block * 4)..]);
        int page = pages.IsEmpty ? -1 : LastPage(pages, 4, (uint)block);
        return page < 0 ? low : ((ulong)PageField(pages, page, 0) << 32) | low;
    }

    private bool TryPageBlocks(ReadOnlySpan<byte> pages, int page, out long first, out long end)
    {
        first = PageField(pages, page, 4);
        end = page + 1 < pages.Length / PageEntrySize ? PageField(pages, page + 1, 4) : _counts.Blocks;
        return first <= end && end <= _counts.Blocks;
    }

    private ReadOnlySpan<byte> Block(long block)
    {
        var offsets = View(_blockIndex)[(int)(4L * _counts.Blocks)..];
        long start = BinaryPrimitives.ReadUInt32LittleEndian(offsets[(int)(block * 4)..]);
        long end = block + 1 < _counts.Blocks
            ? BinaryPrimitives.ReadUInt32LittleEndian(offsets[(int)((block + 1) * 4)..])
            : _rows.Length;
        return Part(_rows, start, end);
    }

    private static long LastStart(ReadOnlySpan<byte> starts, long first, long end, uint low)
    {
        while (first < end)
        {
            long middle = first + ((end - first) / 2);
            if (BinaryPrimitives.ReadUInt32LittleEndian(starts[(int)(middle * 4)..]) <= low)
            {
                first = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return first - 1;
    }

    private static int LastPage(ReadOnlySpan<byte> pages, int field, uint value)
    {
        int first = 0;
        int end = pages.Length / PageEntrySize;
        while (first < end)
        {
            int middle = first + ((end - first) / 2);
            if (PageField(pages, middle, field) <= value)
            {
                first = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return first - 1;
    }

    private static uint PageField(ReadOnlySpan<byte> pages, int page, int field) =>
        BinaryPrimitives.ReadUInt32LittleEndian(pages[((page * PageEntrySize) + field)..]);
}
