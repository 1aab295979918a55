using System.Runtime.InteropServices;

namespace Symbolicator.Formats.Model;

/// <summary>Operations on lists of address ranges.</summary>
internal static class RangeMath
{
    /// <summary>Orders the ranges from an index on and joins those that touch or overlap. Expects none to be empty.</summary>
    public static void SortAndMerge(List<AddressRange> ranges, int from)
    {
        var tail = CollectionsMarshal.AsSpan(ranges)[from..];
        if (!IsAscending(tail))
        {
            tail.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        }

        int kept = 0;
        for (int i = 1; i < tail.Length; i++)
        {
            if (tail[i].Start <= tail[kept].End)
            {
                tail[kept] = new AddressRange(tail[kept].Start, Math.Max(tail[kept].End, tail[i].End));
            }
            else
            {
                tail[++kept] = tail[i];
            }
        }

        if (kept + 1 < tail.Length)
        {
            ranges.RemoveRange(from + kept + 1, tail.Length - kept - 1);
        }
    }

    /// <summary>Index of the last of ascending ranges that starts at or before an address, -1 when none does.</summary>
    public static int LastStartingAtOrBefore(ReadOnlySpan<AddressRange> ranges, ulong address)
    {
        int low = 0;
        int high = ranges.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (ranges[middle].Start <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    private static bool IsAscending(ReadOnlySpan<AddressRange> ranges)
    {
        for (int i = 1; i < ranges.Length; i++)
        {
            if (ranges[i].Start < ranges[i - 1].Start)
            {
                return false;
            }
        }

        return true;
    }
}
