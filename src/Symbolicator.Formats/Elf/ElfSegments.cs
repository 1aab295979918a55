using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>The program headers and the translation of addresses to the file.</summary>
internal sealed class ElfSegments
{
    private readonly ElfSegment[] _table;

    private ElfSegments(ElfSegment[] table)
    {
        _table = table;
        bool found = false;
        ulong end = 0;
        foreach (ref readonly var segment in table.AsSpan())
        {
            if (segment.Type != ElfSegmentType.Load)
            {
                continue;
            }

            if (!found)
            {
                ImageBase = segment.Address; // as listed, not the lowest: tools and dumps agree on this
                found = true;
            }

            end = Math.Max(end, segment.End);
        }

        ImageSize = found && end > ImageBase ? end - ImageBase : 0;
    }

    public ReadOnlySpan<ElfSegment> All => _table;

    /// <summary>Address of the first loaded segment, 0 without any.</summary>
    public ulong ImageBase { get; }

    /// <summary>Bytes from <see cref="ImageBase"/> to the end of the last loaded segment.</summary>
    public ulong ImageSize { get; }

    /// <exception cref="MalformedFileException">The table is not in the file.</exception>
    public static ElfSegments Read(FileBytes file, in ElfHeader header, ElfEncoding encoding, ParseLimits limits)
    {
        int count = header.SegmentCount;
        if (count == ElfConstants.SegmentCountInSection0)
        {
            count = CountInSection0(file, header, encoding, limits);
        }

        int size = ElfSegment.SizeOf(encoding);
        if (count == 0 || header.SegmentOffset == 0)
        {
            return new ElfSegments([]);
        }

        if (header.SegmentSize < size)
        {
            throw Malformed(MalformedReason.BadValue, 0);
        }

        if (count > limits.Segments)
        {
            throw Malformed(MalformedReason.CountOverLimit, 0);
        }

        if (!file.All.TrySlice(header.SegmentOffset, (ulong)count * header.SegmentSize, out var range))
        {
            throw Malformed(MalformedReason.Truncated, (long)Math.Min(header.SegmentOffset, (ulong)file.Length));
        }

        var table = new ElfSegment[count];
        for (int i = 0; i < count; i++)
        {
            file.TrySlice(new ByteRange(range.Offset + ((long)i * header.SegmentSize), size), out var window);
            var reader = new ByteReader(window, encoding.BigEndian);
            table[i] = ElfSegment.Read(ref reader, encoding);
        }

        return new ElfSegments(table);
    }

    /// <summary>The bytes from a virtual address to the end of what the file has of its segment.</summary>
    public bool TryMap(ulong address, FileBytes file, out Section mapped)
    {
        foreach (ref readonly var segment in _table.AsSpan())
        {
            if (segment.Type == ElfSegmentType.Load && address >= segment.Address && address - segment.Address < segment.FileSize)
            {
                ulong skip = address - segment.Address;
                if (file.All.TrySlice(segment.Offset, Math.Min(segment.FileSize, Left(file, segment.Offset)), out var range)
                    && range.TrySlice(skip, (ulong)range.Length - Math.Min(skip, (ulong)range.Length), out var rest))
                {
                    mapped = new Section(file, rest, address);
                    return true;
                }
            }
        }

        mapped = default;
        return false;
    }

    /// <summary>The bytes of a segment as far as the file has them.</summary>
    public static Section Bytes(in ElfSegment segment, FileBytes file) =>
        file.All.TrySlice(segment.Offset, Math.Min(segment.FileSize, Left(file, segment.Offset)), out var range)
            ? new Section(file, range, segment.Address)
            : default;

    /// <summary>Ranges of executable segments, in the order of the table.</summary>
    public List<AddressRange> Code()
    {
        var code = new List<AddressRange>();
        foreach (ref readonly var segment in _table.AsSpan())
        {
            if (segment.Type == ElfSegmentType.Load && (segment.Flags & ElfSegmentFlags.Execute) != 0 && segment.MemorySize != 0)
            {
                code.Add(new AddressRange(segment.Address, segment.End));
            }
        }

        return code;
    }

    private static ulong Left(FileBytes file, ulong offset) => (ulong)file.Length - Math.Min(offset, (ulong)file.Length);

    private static int CountInSection0(FileBytes file, in ElfHeader header, ElfEncoding encoding, ParseLimits limits)
    {
        if (!file.All.TrySlice(header.SectionOffset, (ulong)ElfSection.SizeOf(encoding), out var range)
            || !file.TrySlice(range, out var window))
        {
            throw Malformed(MalformedReason.Truncated, file.Length);
        }

        var reader = new ByteReader(window, encoding.BigEndian);
        uint count = ElfSection.Read(ref reader, encoding).Info;
        return count <= (uint)limits.Segments ? (int)count : throw Malformed(MalformedReason.CountOverLimit, range.Offset);
    }

    private static MalformedFileException Malformed(MalformedReason reason, long offset) =>
        new(FileFormat.Elf, new ParseFault(reason, offset), "program headers");
}
