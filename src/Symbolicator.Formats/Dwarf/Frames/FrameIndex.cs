using System.Runtime.InteropServices;

namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>
/// Where which function entry holds: disjoint pieces by address. Where entries overlap the narrower one holds, the
/// earlier one of two equal ones.
/// </summary>
internal sealed class FrameIndex
{
    private readonly Entry[] _pieces;

    private FrameIndex(Entry[] pieces) => _pieces = pieces;

    public bool IsEmpty => _pieces.Length == 0;

    public long EstimatedBytes => (long)_pieces.Length * Marshal.SizeOf<Entry>();

    public static FrameIndex Build(List<Entry> entries)
    {
        entries.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start)
            : a.End != b.End ? a.End.CompareTo(b.End) : a.Offset.CompareTo(b.Offset));
        bool overlaps = false;
        for (int i = 1; i < entries.Count && !overlaps; i++)
        {
            overlaps = entries[i].Start < entries[i - 1].End;
        }

        return new FrameIndex(overlaps ? Flatten(entries) : [.. entries]);
    }

    /// <summary>Offset in the section of the entry that covers an address.</summary>
    public bool TryFind(ulong rva, out ulong offset)
    {
        int low = 0;
        int high = _pieces.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ref readonly var piece = ref _pieces[middle];
            if (rva < piece.Start)
            {
                high = middle - 1;
            }
            else if (rva >= piece.End)
            {
                low = middle + 1;
            }
            else
            {
                offset = piece.Offset;
                return true;
            }
        }

        offset = 0;
        return false;
    }

    /// <summary>A sweep over all bounds; a queue knows the narrowest entry that is open.</summary>
    private static Entry[] Flatten(List<Entry> sorted)
    {
        var bounds = new ulong[sorted.Count * 2];
        for (int i = 0; i < sorted.Count; i++)
        {
            bounds[2 * i] = sorted[i].Start;
            bounds[2 * i + 1] = sorted[i].End;
        }

        Array.Sort(bounds);
        var open = new PriorityQueue<Entry, (ulong Size, ulong Offset)>();
        var pieces = new List<Entry>(sorted.Count);
        int next = 0;
        for (int i = 0; i + 1 < bounds.Length; i++)
        {
            ulong at = bounds[i];
            for (; next < sorted.Count && sorted[next].Start == at; next++)
            {
                open.Enqueue(sorted[next], (sorted[next].End - sorted[next].Start, sorted[next].Offset));
            }

            while (open.TryPeek(out var ended, out _) && ended.End <= at)
            {
                open.Dequeue();
            }

            if (bounds[i + 1] > at && open.TryPeek(out var owner, out _))
            {
                Append(pieces, new Entry(at, bounds[i + 1], owner.Offset));
            }
        }

        return [.. pieces];
    }

    private static void Append(List<Entry> pieces, Entry piece)
    {
        if (pieces.Count > 0 && pieces[^1].End == piece.Start && pieces[^1].Offset == piece.Offset)
        {
            pieces[^1] = pieces[^1] with { End = piece.End };
        }
        else
        {
            pieces.Add(piece);
        }
    }

    /// <summary>Addresses relative to the image base and the offset of their entry in the section.</summary>
    internal readonly record struct Entry(ulong Start, ulong End, ulong Offset);
}
