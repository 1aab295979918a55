using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe;

/// <summary>
/// Headers of a PE image and the way from addresses to bytes of the file. Addresses are relative to the image base.
/// Immutable; a view of the file: whoever opens it keeps the lease.
/// </summary>
internal sealed class PeImage : ICodeView
{
    private readonly PeSection[] _sections;

    // Indices of sections that lie in memory, ascending by address.
    private readonly int[] _byAddress;
    private readonly PeDirectoryEntry[] _directories;
    private readonly PeSectionNames _names;

    private PeImage(
        FileBytes file, in PeFileHeader header, in PeOptionalHeader optional, PeDirectoryEntry[] directories,
        PeSection[] sections, FaultLog faults, bool isMalformed)
    {
        File = file;
        Header = header;
        Optional = optional;
        _directories = directories;
        _sections = sections;
        _names = new PeSectionNames(file, header);
        IsMalformed = isMalformed | LogCutSections(faults);

        var order = new List<int>(sections.Length);
        var code = new List<AddressRange>();
        for (int i = 0; i < sections.Length; i++)
        {
            if (sections[i].End > sections[i].Start)
            {
                order.Add(i);
                if (sections[i].IsCode)
                {
                    code.Add(new AddressRange(sections[i].Start, sections[i].End));
                }
            }
        }

        order.Sort((a, b) => sections[a].Start != sections[b].Start ? sections[a].Start.CompareTo(sections[b].Start) : a.CompareTo(b));
        _byAddress = [.. order];
        RangeMath.SortAndMerge(code, 0);
        Code = code;
    }

    public FileBytes File { get; }

    public PeFileHeader Header { get; }

    public PeOptionalHeader Optional { get; }

    public PeMachine Machine => Header.Machine;

    public ulong ImageBase => Optional.ImageBase;

    /// <summary>Something of the headers or of a section is missing in the file.</summary>
    public bool IsMalformed { get; }

    public ReadOnlySpan<PeSection> Sections => _sections;

    /// <summary>Where executable sections lie, also those without bytes; ascending, disjoint.</summary>
    public IReadOnlyList<AddressRange> Code { get; }

    /// <exception cref="MalformedFileException">The DOS, file or optional header is damaged or not there.</exception>
    public static PeImage Open(FileBytes file, ParseLimits limits, FaultLog faults)
    {
        file.TrySlice(new ByteRange(0, Math.Min(PeConstants.DosHeaderBytes, file.Length)), out var dos);
        var reader = new ByteReader(dos);
        if (reader.ReadU16() != PeConstants.DosMagic)
        {
            reader.Fail(MalformedReason.BadMagic);
        }

        reader.Skip(PeConstants.DosNewHeaderOffset - sizeof(ushort));
        uint at = reader.ReadU32();
        reader.ThrowIfFaulted(FileFormat.Pe, "DOS header");

        var rest = new Section(file, file.All);
        reader = rest.ReaderAt(at, bigEndian: false);
        if (reader.ReadU32() != PeConstants.PeMagic && reader.Fault.IsNone)
        {
            reader.Seek(0);
            reader.Fail(MalformedReason.BadMagic); // a program for DOS, 16-bit Windows or OS/2
        }

        var header = PeFileHeader.Read(ref reader);
        int optionalStart = reader.Position;
        var optional = PeOptionalHeader.Read(ref reader);
        reader.ThrowIfFaulted(FileFormat.Pe, "header");

        var directories = ReadDirectories(ref reader, optional, optionalStart + header.OptionalSize);
        ulong sectionTable = (ulong)at + sizeof(uint) + PeFileHeader.Size + header.OptionalSize;
        var sections = ReadSections(file, sectionTable, header, optional, limits, faults, out bool cut);
        return new PeImage(file, header, optional, directories, sections, faults, cut);
    }

    /// <summary>Bytes at an address; false when not all of them are in the file, next to each other.</summary>
    public bool TryRead(ulong rva, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryMap(rva, out var range) && length >= 0 && range.Length >= length
            && File.TrySlice(range with { Length = length }, out bytes);
    }

    public bool TryReadCode(ulong rva, Span<byte> destination)
    {
        if (!IsCode(rva) || !TryRead(rva, destination.Length, out var bytes))
        {
            return false;
        }

        bytes.CopyTo(destination);
        return true;
    }

    /// <summary>The bytes from an address to the end of what lies there in the file.</summary>
    public bool TryMap(ulong rva, out ByteRange range)
    {
        if (FindSection(rva) is int index and >= 0)
        {
            var mapped = _sections[index].Mapped;
            ulong offset = rva - _sections[index].Start;
            ulong left = offset < (ulong)mapped.Length ? (ulong)mapped.Length - offset : 0;
            return mapped.TrySlice(offset, left, out range) && left != 0;
        }

        range = default;
        ulong headers = Math.Min(Optional.HeaderSize, (ulong)File.Length);
        return rva < headers && File.All.TrySlice(rva, headers - rva, out range);
    }

    /// <summary>The bytes of a range of addresses, cut at the end of what is in the file; absent when nothing is.</summary>
    public Section Slice(ulong rva, ulong size) =>
        TryMap(rva, out var range)
            ? new Section(File, range with { Length = (long)Math.Min(size, (ulong)range.Length) }, rva)
            : default;

    /// <summary>The bytes of a data directory as <see cref="Slice"/> gives them.</summary>
    public Section Directory(PeDirectory kind)
    {
        var entry = DirectoryEntry(kind);
        return entry.Rva == 0 || entry.Size == 0 ? default : Slice(entry.Rva, entry.Size);
    }

    /// <summary>A data directory as stated; zeros when there is none.</summary>
    public PeDirectoryEntry DirectoryEntry(PeDirectory kind) =>
        (int)kind < _directories.Length ? _directories[(int)kind] : default;

    /// <summary>Offset in the file of an address, for faults; 0 when it has none.</summary>
    public long FileOffset(ulong rva) => TryMap(rva, out var range) ? range.Offset : 0;

    /// <summary>True in an executable section.</summary>
    public bool IsCode(ulong rva) => FindSection(rva) is int index and >= 0 && _sections[index].IsCode;

    /// <summary>Index of the section at an address, -1 when there is none.</summary>
    public int FindSection(ulong rva)
    {
        int low = 0;
        int high = _byAddress.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_sections[_byAddress[middle]].Start <= rva)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low > 0 && rva < _sections[_byAddress[low - 1]].End ? _byAddress[low - 1] : -1;
    }

    /// <summary>The bytes of the first section of a name that has any, without the padding of the file; absent without one.</summary>
    public Section FindBytes(ReadOnlySpan<byte> name)
    {
        foreach (ref readonly var section in Sections)
        {
            if (!section.Mapped.IsEmpty && _names.Is(section.Header, name))
            {
                ulong size = section.Header.VirtualSize == 0 ? (ulong)section.Mapped.Length : section.Header.VirtualSize;
                section.Mapped.TrySlice(0, Math.Min(size, (ulong)section.Mapped.Length), out var range);
                return new Section(File, range, section.Start);
            }
        }

        return default;
    }

    private static PeDirectoryEntry[] ReadDirectories(ref ByteReader reader, in PeOptionalHeader optional, int end)
    {
        long room = Math.Min(reader.Remaining, (long)end - reader.Position) / PeDirectoryEntry.Bytes;
        var directories = new PeDirectoryEntry[Math.Max(0, Math.Min(Math.Min(optional.DirectoryCount, PeConstants.Directories), room))];
        foreach (ref var directory in directories.AsSpan())
        {
            directory = PeDirectoryEntry.Read(ref reader);
        }

        return directories;
    }

    private static PeSection[] ReadSections(
        FileBytes file, ulong table, in PeFileHeader header, in PeOptionalHeader optional, ParseLimits limits, FaultLog faults, out bool cut)
    {
        long present = table < (ulong)file.Length ? (file.Length - (long)table) / PeSectionHeader.Size : 0;
        int count = (int)Math.Min(Math.Min(header.SectionCount, present), limits.Sections);
        cut = count < header.SectionCount;
        if (cut)
        {
            var reason = present < header.SectionCount ? MalformedReason.Truncated : MalformedReason.CountOverLimit;
            faults.Add(new ParseFault(reason, (long)Math.Min(table, (ulong)file.Length)), "section headers");
        }

        var sections = new PeSection[count];
        var reader = new Section(file, file.All).ReaderAt(table, bigEndian: false);
        foreach (ref var section in sections.AsSpan())
        {
            var stated = PeSectionHeader.Read(ref reader);
            section = new PeSection(stated, Map(file, stated, optional));
        }

        return sections;
    }

    /// <summary>The part of the file that the loader maps for a section.</summary>
    private static ByteRange Map(FileBytes file, in PeSectionHeader section, in PeOptionalHeader optional)
    {
        if (section.RawOffset == 0 || section.RawSize == 0)
        {
            return default;
        }

        bool isPaged = optional.SectionAlignment >= PeConstants.Page;
        ulong start = isPaged ? section.RawOffset / PeConstants.FileSector * PeConstants.FileSector : section.RawOffset;
        ulong end = (ulong)section.RawOffset + section.RawSize;
        if (section.VirtualSize != 0)
        {
            // Whole pages are mapped, so that bytes behind the stated end can be there, but never those of the next section.
            ulong unit = isPaged ? PeConstants.Page : 1;
            end = Math.Min(end, start + ((section.VirtualSize + unit - 1) / unit * unit));
        }

        end = Math.Min(end, (ulong)file.Length);
        return start < end ? new ByteRange((long)start, (long)(end - start)) : default;
    }

    /// <summary>The file ends before what the section headers promise; what there is of it is used.</summary>
    private bool LogCutSections(FaultLog faults)
    {
        bool cut = false;
        foreach (ref readonly var section in Sections)
        {
            if (section.Header.RawOffset != 0 && (ulong)section.Header.RawOffset + section.Header.RawSize > (ulong)File.Length)
            {
                faults.Add(new ParseFault(MalformedReason.Truncated, File.Length), "section");
                cut = true;
            }
        }

        return cut;
    }
}
