using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>Where the units of a section start: all that is kept of a file for its whole session.</summary>
internal sealed class UnitIndex
{
    /// <summary>A unit that has no more bytes than its length has no entries.</summary>
    private const ulong SmallestLength = 7;

    private readonly List<ulong> _offsets = [];

    public int Count => _offsets.Count;

    public ulong this[int index] => _offsets[index];

    /// <summary>Walks the lengths of all units. A bad one ends the walk: nothing says where the next unit starts.</summary>
    public static UnitIndex Read(Section section, bool bigEndian, FaultLog faults, string what)
    {
        var index = new UnitIndex();
        ulong offset = 0;
        while (offset < (ulong)section.Length)
        {
            var reader = section.ReaderAt(offset, bigEndian);
            ulong length = UnitHeader.ReadLength(ref reader, out _, out bool isCut);
            if (!reader.Fault.IsNone)
            {
                faults.Add(reader.Fault, what);
                break;
            }

            if (isCut)
            {
                faults.Add(new ParseFault(MalformedReason.Truncated, section.Range.Offset + (long)offset), what);
            }

            if (length >= SmallestLength)
            {
                index._offsets.Add(offset);
            }

            offset += (ulong)reader.Position + length;
        }

        return index;
    }

    /// <summary>The unit that an offset lies in, if it lies behind the start of any.</summary>
    public bool TryFind(ulong offset, out int unit)
    {
        unit = CollectionsMarshal.AsSpan(_offsets).BinarySearch(offset);
        if (unit < 0)
        {
            unit = ~unit - 1;
        }

        return unit >= 0;
    }
}
