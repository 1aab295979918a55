using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>
/// Where a tool that rearranged the image after linking put its code (OMAPFROMSRC): points in ascending order of the RVA
/// that the linker gave, each with the RVA in the image of what lies from there to the next point, 0 when that was
/// removed. Safe to use from several threads.
/// </summary>
internal sealed class PdbOmap
{
    private const int EntryBytes = 8;

    // Functions, lines, inlined calls, symbols and frame data each pass every point about once. Without an end, ranges
    // that overlap would pass all points again and again.
    private const int VisitsPerPoint = 256;

    private readonly uint[] _from;
    private readonly uint[] _to;
    private readonly FaultLog _faults;
    private readonly long _place;
    private long _stepsLeft;
    private int _isExhausted;

    private PdbOmap(uint[] from, uint[] to, FaultLog faults, long place)
    {
        _from = from;
        _to = to;
        _faults = faults;
        _place = place;
        _stepsLeft = (long)VisitsPerPoint * from.Length;
    }

    /// <summary>
    /// Null when there is no table: then the image is as it was linked. From the last point before any damage on, nothing
    /// is known, and addresses count as removed.
    /// </summary>
    public static PdbOmap? Read(MsfReader stream, FaultLog faults)
    {
        long count = stream.Length / EntryBytes;
        bool isDamaged = false;
        uint[] from = new uint[count];
        uint[] to = new uint[count];
        int points = 0;
        for (int i = 0; i < count && !isDamaged; i++)
        {
            if (!stream.TryRead((long)i * EntryBytes, EntryBytes, out var entry))
            {
                faults.Add(stream.FaultAt(MalformedReason.Truncated, (long)i * EntryBytes), "OMAP");
                isDamaged = true;
                continue;
            }

            uint linked = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            if (points > 0 && linked < from[points - 1])
            {
                faults.Add(stream.FaultAt(MalformedReason.BadValue, (long)i * EntryBytes), "OMAP");
                isDamaged = true;
                continue;
            }

            // Of several points at one place the last one holds.
            points += points > 0 && linked == from[points - 1] ? 0 : 1;
            from[points - 1] = linked;
            to[points - 1] = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        }

        if (isDamaged && points > 0)
        {
            to[points - 1] = 0;
        }

        return count == 0 ? null : new PdbOmap(from[..points], to[..points], faults, stream.Stream.FileOffsetOf(0));
    }

    /// <summary>False for code that was removed, or before the first point.</summary>
    public bool TryMap(uint linked, out uint rva)
    {
        int point = Find(linked);
        rva = 0;
        return point >= 0 && TryMap(point, linked, out rva);
    }

    /// <summary>
    /// Appends the pieces of a range, ascending, pieces that touch merged, none of them empty. When the table has been
    /// passed too often, only the first piece.
    /// </summary>
    public void AddRanges(uint linked, uint length, List<AddressRange> ranges)
    {
        int first = ranges.Count;
        ulong end = Math.Min((ulong)linked + length, 1UL << 32);
        ulong at = linked;
        int point = Find(linked);
        long allowed = Math.Max(1, Interlocked.Read(ref _stepsLeft));
        long steps = 0;
        for (; at < end && steps < allowed; steps++, point++)
        {
            ulong next = point + 1 < _from.Length ? Math.Min(_from[point + 1], end) : end;
            if (point >= 0 && TryMap(point, (uint)at, out uint rva))
            {
                ranges.Add(new AddressRange(rva, Math.Min(rva + (next - at), 1UL << 32)));
            }

            at = next;
        }

        if (steps > 1)
        {
            Interlocked.Add(ref _stepsLeft, 1 - steps);
        }

        if (at < end && Interlocked.Exchange(ref _isExhausted, 1) == 0)
        {
            _faults.Add(new ParseFault(MalformedReason.StepsOverLimit, _place), "OMAP");
        }

        Merge(ranges, first);
    }

    private static void Merge(List<AddressRange> ranges, int first)
    {
        if (ranges.Count - first < 2)
        {
            return;
        }

        ranges.Sort(first, ranges.Count - first, AscendingStarts.Instance);
        int last = first;
        for (int i = first + 1; i < ranges.Count; i++)
        {
            // Pieces of a sound table do not overlap.
            if (ranges[i].Start <= ranges[last].End)
            {
                ranges[last] = new AddressRange(ranges[last].Start, Math.Max(ranges[last].End, ranges[i].End));
            }
            else
            {
                ranges[++last] = ranges[i];
            }
        }

        ranges.RemoveRange(last + 1, ranges.Count - last - 1);
    }

    private bool TryMap(int point, uint linked, out uint rva)
    {
        uint delta = linked - _from[point];
        rva = unchecked(_to[point] + delta);
        return _to[point] != 0 && delta <= uint.MaxValue - _to[point];
    }

    /// <summary>The last point that is not behind an address, -1 when there is none.</summary>
    private int Find(uint linked)
    {
        int start = 0;
        int end = _from.Length;
        while (start < end)
        {
            int middle = start + ((end - start) / 2);
            if (_from[middle] <= linked)
            {
                start = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return start - 1;
    }

    private sealed class AscendingStarts : IComparer<AddressRange>
    {
        public static readonly AscendingStarts Instance = new();

        public int Compare(AddressRange x, AddressRange y) => x.Start.CompareTo(y.Start);
    }
}
