using System.Buffers.Binary;
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

    internal MinidumpMemory(FileBytes file, bool bigEndian, List<MemoryRegion> regions)
    {
        _file = file;
        _bigEndian = bigEndian;
        _regions = Flatten(regions);
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

    /// <summary>Sorts and clips: the region that starts first keeps its bytes, of several at one address the first listed.</summary>
    private static MemoryRegion[] Flatten(List<MemoryRegion> regions)
    {
        var sorted = regions.ToArray();
        var order = new (ulong Address, int Index)[sorted.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = (sorted[i].Address, i);
        }

        Array.Sort(order, sorted);
        int kept = 0;
        foreach (var region in sorted)
        {
            ulong covered = 0;
            if (kept > 0)
            {
                ref readonly var last = ref sorted[kept - 1];
                ulong start = region.Address - last.Address;
                covered = start < last.Size ? last.Size - start : 0;
            }

            if (covered < region.Size)
            {
                sorted[kept++] = new MemoryRegion(
                    region.Address + covered, region.Size - covered, region.FileOffset + (long)covered);
            }
        }

        return sorted[..kept];
    }
}

/// <summary>Bytes of memory; all of them lie in the file.</summary>
/// <param name="Address">Of the first byte; the last one does not wrap.</param>
/// <param name="Size">Bytes, never 0.</param>
/// <param name="FileOffset">Where they lie in the dump.</param>
public readonly record struct MemoryRegion(ulong Address, ulong Size, long FileOffset)
{
    public bool Contains(ulong address) => address >= Address && address - Address < Size;
}
