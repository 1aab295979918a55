using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>
/// Memory of the crashed process as far as the dump holds it: regions by address, without overlaps. Immutable, reads
/// allocate nothing. Valid until the dump is disposed.
/// </summary>
public sealed class MinidumpMemory : IMemoryView
{
    private readonly FileBytes _file;
    private readonly bool _bigEndian;
    private readonly MemoryRegion[] _regions;

    /// <param name="file">Holds the bytes of all regions.</param>
    /// <param name="bigEndian">Byte order of the process.</param>
    /// <param name="layers">Lists of regions; a later one only fills the gaps of those before.</param>
    internal MinidumpMemory(FileBytes file, bool bigEndian, params ReadOnlySpan<List<MemoryRegion>> layers)
    {
        _file = file;
        _bigEndian = bigEndian;
        var regions = new List<MemoryRegion>();
        foreach (var layer in layers)
        {
            regions = Fill(regions, Sort(layer));
        }

        _regions = [.. regions];
    }

    public IReadOnlyList<MemoryRegion> Regions => _regions;

    /// <summary>The region that contains an address; false when the dump does not hold it.</summary>
    public bool TryFind(ulong address, out MemoryRegion region)
    {
        int index = IndexOf(address);
        region = index < 0 ? default : _regions[index];
        return index >= 0;
    }

    public bool TryRead(ulong address, Span<byte> destination)
    {
        // Most reads lie in one region; adjacent regions are read as one.
        for (int index = IndexOf(address); index >= 0; index++)
        {
            ref readonly var region = ref _regions[index];
            ulong offset = address - region.Address;
            int length = (int)Math.Min(region.Size - offset, (ulong)destination.Length);
            if (!_file.TrySlice(new ByteRange(region.FileOffset + (long)offset, length), out var bytes))
            {
                return false;
            }

            bytes.CopyTo(destination);
            destination = destination[length..];
            if (destination.IsEmpty)
            {
                return true;
            }

            address = unchecked(address + (ulong)length);
            if (index + 1 == _regions.Length || _regions[index + 1].Address != address)
            {
                return false;
            }
        }

        return destination.IsEmpty;
    }

    public bool TryReadUnsigned(ulong address, int size, out ulong value)
    {
        value = 0;
        if (size is not (1 or 2 or 4 or 8))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bytes = bytes[..size];
        if (!TryRead(address, bytes))
        {
            return false;
        }

        value = size switch
        {
            1 => bytes[0],
            2 => _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            4 => _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => _bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };
        return true;
    }

    private int IndexOf(ulong address)
    {
        int low = 0;
        int high = _regions.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ref readonly var region = ref _regions[middle];
            if (address < region.Address)
            {
                high = middle - 1;
            }
            else if (address - region.Address >= region.Size)
            {
                low = middle + 1;
            }
            else
            {
                return middle;
            }
        }

        return -1;
    }

    /// <summary>Sorts and clips: where two overlap, the one that starts first keeps its bytes, then the one listed first.</summary>
    private static List<MemoryRegion> Sort(List<MemoryRegion> regions)
    {
        var order = new (ulong Address, int Index)[regions.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = (regions[i].Address, i);
        }

        Array.Sort(order);
        var kept = new List<MemoryRegion>(order.Length);
        foreach (var (_, index) in order)
        {
            var region = regions[index];
            if (kept.Count > 0 && kept[^1].Last >= region.Address)
            {
                AddFrom(kept, region, kept[^1].Last);
            }
            else
            {
                kept.Add(region);
            }
        }

        return kept;
    }

    /// <summary>Adds to a sorted list what another sorted list has in its gaps.</summary>
    private static List<MemoryRegion> Fill(List<MemoryRegion> regions, List<MemoryRegion> more)
    {
        if (regions.Count == 0 || more.Count == 0)
        {
            return regions.Count == 0 ? more : regions;
        }

        var merged = new List<MemoryRegion>(regions.Count + more.Count);
        int next = 0;
        foreach (var region in regions)
        {
            // Everything below this region; what reaches into or over it is continued behind it.
            for (; next < more.Count && more[next].Address < region.Address; next++)
            {
                AddBelow(merged, more[next], region.Address);
                if (more[next].Last >= region.Address)
                {
                    break;
                }
            }

            merged.Add(region);
            for (; next < more.Count && more[next].Address <= region.Last && more[next].Last <= region.Last; next++)
            {
                // covered completely, or up to its end
            }

            if (next < more.Count && more[next].Address <= region.Last)
            {
                more[next] = Behind(more[next], region.Last);
            }
        }

        merged.AddRange(CollectionsMarshal.AsSpan(more)[next..]);
        return merged;
    }

    private static void AddBelow(List<MemoryRegion> into, in MemoryRegion region, ulong limit)
    {
        ulong size = Math.Min(region.Size, limit - region.Address);
        into.Add(region with { Size = size });
    }

    private static void AddFrom(List<MemoryRegion> into, in MemoryRegion region, ulong last)
    {
        if (region.Last > last)
        {
            into.Add(Behind(region, last));
        }
    }

    /// <summary>The part of a region behind an address that lies in it.</summary>
    private static MemoryRegion Behind(in MemoryRegion region, ulong last)
    {
        ulong covered = last - region.Address + 1;
        return new MemoryRegion(last + 1, region.Size - covered, region.FileOffset + (long)covered);
    }
}

/// <summary>Bytes of memory; all of them lie in the file.</summary>
/// <param name="Address">Of the first byte; the last one does not wrap.</param>
/// <param name="Size">Bytes, never 0.</param>
/// <param name="FileOffset">Where they lie in the dump.</param>
public readonly record struct MemoryRegion(ulong Address, ulong Size, long FileOffset)
{
    /// <summary>Address of the last byte.</summary>
    public ulong Last => Address + (Size - 1);

    public bool Contains(ulong address) => address >= Address && address - Address < Size;
}
