using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes ELF files: headers first, then the content of sections in the order in which they were added, then the
/// section names and the section headers. Values are written as given, also when they make no sense.
/// </summary>
public sealed class ElfBuilder(bool is64 = true, bool bigEndian = false)
{
    private readonly List<SectionSpec> _sections = [];
    private readonly List<SegmentSpec> _segments = [];

    public ushort Type { get; set; } = 3;

    public ushort Machine { get; set; } = 62;

    public uint Flags { get; set; }

    public bool OmitSectionHeaders { get; set; }

    /// <summary>Number of sections to state in the header instead of the real one.</summary>
    public ushort? StatedSections { get; set; }

    /// <summary>A builder of content in the file's byte order.</summary>
    public ByteBuilder Content() => new(bigEndian);

    /// <summary>Adds a section; its index is returned, the first is 1.</summary>
    public int Section(
        string name, uint type, byte[] content, ulong flags = 0, ulong address = 0, int link = 0, uint info = 0,
        ulong alignment = 1, ulong entrySize = 0, ulong? size = null)
    {
        _sections.Add(new SectionSpec(name, type, flags, address, content, link, info, alignment, entrySize, size));
        return _sections.Count;
    }

    /// <summary>Adds a segment over the content of a section.</summary>
    public ElfBuilder Segment(uint type, int section, uint flags = 4, ulong? address = null, ulong? memorySize = null, ulong alignment = 4)
    {
        _segments.Add(new SegmentSpec(type, flags, section, address, memorySize, alignment));
        return this;
    }

    /// <summary>Entries of a symbol table behind the empty one, and its strings.</summary>
    public (byte[] Entries, byte[] Strings) Symbols(params ReadOnlySpan<SymbolSpec> symbols)
    {
        var strings = new ByteBuilder().U8(0);
        var entries = Content().Zeros(is64 ? 24 : 16);
        foreach (var symbol in symbols)
        {
            uint name = symbol.Name.Length == 0 ? 0 : (uint)strings.Length;
            if (name != 0)
            {
                strings.CString(symbol.Name);
            }

            entries.U32(name);
            if (is64)
            {
                entries.U8((symbol.Binding << 4) | symbol.Type).U8(0).U16(symbol.Section).U64(symbol.Value).U64(symbol.Size);
            }
            else
            {
                entries.U32((uint)symbol.Value).U32((uint)symbol.Size).U8((symbol.Binding << 4) | symbol.Type).U8(0).U16(symbol.Section);
            }
        }

        return (entries.ToArray(), strings.ToArray());
    }

    /// <summary>Adds <c>.symtab</c> and <c>.strtab</c>.</summary>
    public void SymbolTable(params ReadOnlySpan<SymbolSpec> symbols)
    {
        var (entries, strings) = Symbols(symbols);
        int link = Section(".strtab", 3, strings);
        Section(".symtab", 2, entries, link: link, entrySize: is64 ? 24u : 16u);
    }

    /// <summary>One note.</summary>
    public byte[] Note(string name, uint type, byte[] description, int alignment = 4) => Content()
        .U32((uint)name.Length + 1).U32((uint)description.Length).U32(type)
        .CString(name).Align(alignment).Bytes(description).Align(alignment).ToArray();

    public byte[] Build()
    {
        int headerSize = is64 ? 64 : 52;
        int segmentSize = is64 ? 56 : 32;
        int sectionSize = is64 ? 64 : 40;
        var file = Content();
        file.Bytes(0x7f, (byte)'E', (byte)'L', (byte)'F', (byte)(is64 ? 2 : 1), (byte)(bigEndian ? 2 : 1), 1).PadTo(16);
        file.U16(Type).U16(Machine).U32(1).Word(0, is64);
        file.Word(_segments.Count == 0 ? 0u : (ulong)headerSize, is64);
        int sectionOffsetAt = file.Length;
        file.Word(0, is64).U32(Flags).U16(headerSize).U16(segmentSize).U16(_segments.Count).U16(sectionSize);
        int count = _sections.Count + 2;
        file.U16(OmitSectionHeaders ? 0 : StatedSections ?? count).U16(OmitSectionHeaders ? 0 : count - 1);
        int segmentsAt = file.Length;
        file.Zeros(_segments.Count * segmentSize);

        var offsets = new List<int>();
        foreach (var section in _sections)
        {
            file.Align(16);
            offsets.Add(file.Length);
            file.Bytes(section.Type == 8 ? [] : section.Content);
        }

        WriteSegments(file, segmentsAt, segmentSize, offsets);
        if (OmitSectionHeaders)
        {
            return file.ToArray();
        }

        int namesAt = file.Length;
        var names = new ByteBuilder().U8(0);
        var nameOffsets = new List<int>();
        foreach (string name in _sections.Select(s => s.Name).Append(".shstrtab"))
        {
            nameOffsets.Add(names.Length);
            names.CString(name);
        }

        file.Bytes(names.ToArray()).Align(8);
        file.Patch(sectionOffsetAt, (ulong)file.Length, is64 ? 8 : 4);
        file.Zeros(sectionSize);
        for (int i = 0; i < _sections.Count; i++)
        {
            var s = _sections[i];
            WriteSection(file, nameOffsets[i], s.Type, s.Flags, s.Address, offsets[i], s.Size ?? (ulong)s.Content.Length, s);
        }

        WriteSection(file, nameOffsets[^1], 3, 0, 0, namesAt, (ulong)names.Length, null);
        return file.ToArray();
    }

    private void WriteSegments(ByteBuilder file, int at, int size, List<int> offsets)
    {
        foreach (var segment in _segments)
        {
            var section = _sections[segment.Section - 1];
            ulong fileSize = section.Type == 8 ? 0 : (ulong)section.Content.Length;
            ulong memorySize = segment.MemorySize ?? (ulong)section.Content.Length;
            ulong address = segment.Address ?? section.Address;
            var header = Content().U32(segment.Type);
            if (is64)
            {
                header.U32(segment.Flags);
            }

            header.Word((ulong)offsets[segment.Section - 1], is64).Word(address, is64).Word(address, is64);
            header.Word(fileSize, is64).Word(memorySize, is64);
            if (!is64)
            {
                header.U32(segment.Flags);
            }

            byte[] bytes = header.Word(segment.Alignment, is64).ToArray();
            for (int i = 0; i < bytes.Length; i++)
            {
                file.Patch(at + i, bytes[i], 1);
            }

            at += size;
        }
    }

    private void WriteSection(
        ByteBuilder file, int name, uint type, ulong flags, ulong address, int offset, ulong size, SectionSpec? spec) =>
        file.U32((uint)name).U32(type).Word(flags, is64).Word(address, is64).Word((ulong)offset, is64).Word(size, is64)
            .U32((uint)(spec?.Link ?? 0)).U32(spec?.Info ?? 0).Word(spec?.Alignment ?? 1, is64).Word(spec?.EntrySize ?? 0, is64);

    /// <summary>A symbol: type 0 untyped, 2 function; binding 0 local, 1 global.</summary>
    public readonly record struct SymbolSpec(string Name, ulong Value, ulong Size, int Section, int Type = 2, int Binding = 1);

    private sealed record SectionSpec(
        string Name, uint Type, ulong Flags, ulong Address, byte[] Content, int Link, uint Info, ulong Alignment, ulong EntrySize, ulong? Size);

    private sealed record SegmentSpec(uint Type, uint Flags, int Section, ulong? Address, ulong? MemorySize, ulong Alignment);
}
