using System.Runtime.InteropServices;

namespace Symbolicator.Formats.FramePrograms;

/// <summary>
/// Address ranges flattened for one binary search: at each address the innermost range holds. A range that ends
/// inside a later one is cut at that one's start, because sizes are often too large and starts never are. Of equal
/// ranges the first holds.
/// </summary>
internal sealed class NestedRanges
{
    private readonly ulong[] _starts;
    private readonly long[] _payloads;

    private NestedRanges(ulong[] starts, long[] payloads)
    {
        _starts = starts;
        _payloads = payloads;
    }

    public bool IsEmpty => _starts.Length == 0;

    public long EstimatedBytes => (long)_starts.Length * (sizeof(ulong) + sizeof(long));

    /// <summary>Payload of the innermost range, -1 when no range contains the address.</summary>
    public long Find(ulong address)
    {
        int found = _starts.AsSpan().BinarySearch(address);
        int at = found < 0 ? ~found - 1 : found;
        return at < 0 ? -1 : _payloads[at];
    }

    /// <summary>Sorts and consumes the list. Payloads are not negative.</summary>
    public static NestedRanges Build(List<Entry> ranges)
    {
        ranges.Sort();
        var starts = new List<ulong>(ranges.Count + 1);
        var payloads = new List<long>(ranges.Count + 1);
        var open = new Stack<Entry>();
        var previous = default(Entry);
        bool first = true;
        foreach (ref readonly var range in CollectionsMarshal.AsSpan(ranges))
        {
            if (range.End <= range.Start || (!first && range.Start == previous.Start && range.End == previous.End))
            {
                continue;
            }

            first = false;
            previous = range;
            CloseUntil(range.Start);

            // What reaches beyond this range does not contain it properly: its size is wrong from here on.
            while (open.Count > 0 && open.Peek().End < range.End)
            {
                open.Pop();
            }

            open.Push(range);
            Mark(range.Start, range.Payload);
        }

        CloseUntil(ulong.MaxValue);
        return new NestedRanges([.. starts], [.. payloads]);

        void CloseUntil(ulong address)
        {
            while (open.Count > 0 && open.Peek().End <= address)
            {
                ulong end = open.Pop().End;
                while (open.Count > 0 && open.Peek().End <= end)
                {
                    open.Pop();
                }

                Mark(end, open.Count > 0 ? open.Peek().Payload : -1);
            }
        }

        void Mark(ulong address, long payload)
        {
            if (starts.Count > 0 && starts[^1] == address)
            {
                payloads[^1] = payload;
                return;
            }

            starts.Add(address);
            payloads.Add(payload);
        }
    }

    /// <summary>A range and what it stands for.</summary>
    internal readonly record struct Entry(ulong Start, ulong End, long Payload) : IComparable<Entry>
    {
        /// <summary>By start, the larger one first, then in file order.</summary>
        public int CompareTo(Entry other)
        {
            int order = Start.CompareTo(other.Start);
            order = order != 0 ? order : other.End.CompareTo(End);
            return order != 0 ? order : Payload.CompareTo(other.Payload);
        }
    }
}
