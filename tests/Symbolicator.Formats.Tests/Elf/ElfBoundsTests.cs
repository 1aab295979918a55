using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using static Symbolicator.TestKit.ElfBuilder;

namespace Symbolicator.Formats.Tests.Elf;

/// <summary>Limits at and one past, damage, and the shapes that no tool here produces.</summary>
public sealed class ElfBoundsTests
{
    private const ulong Code = 2 | 4; // SHF_ALLOC | SHF_EXECINSTR

    [Theory]
    [InlineData("elf/sym-x64.so", 1)]
    [InlineData("elf/sym-ppc64.so", 2)]
    [InlineData("elf/sym-arm.so", 3)]
    [InlineData("elf/sym-x64.debug-zstd", 4)]
    [InlineData("elf/sym-x64.debug-zlib-gnu", 5)]
    [InlineData("elf/sym-x64-hash-gnu.so", 6)]
    [InlineData("elf/sym-x64-hash-sysv.so", 7)]
    public void Damage_is_contained(string fixture, int seed) =>
        Mutator.Run(Mutator.Mutations(Fixture.Bytes(fixture), headerBytes: 96, random: 150, seed), ElfReading.ReadAll);

    [Theory]
    [InlineData(0, MalformedReason.Truncated, 0)]
    [InlineData(8, MalformedReason.Truncated, 8)]
    [InlineData(40, MalformedReason.Truncated, 40)]
    public void A_header_that_is_cut_is_an_error_at_its_end(int length, MalformedReason reason, long offset)
    {
        byte[] bytes = new ElfBuilder().Build()[..length];
        using var file = new MemoryFileBytes(bytes);

        var thrown = Assert.Throws<MalformedFileException>(() => Formats.Elf.ElfFormat.Open(file, ParseLimits.Default));
        Assert.Equal(new ParseFault(reason, offset), thrown.Fault);
    }

    [Theory]
    [InlineData(4, 3)]
    [InlineData(5, 0)]
    public void An_undefined_class_or_byte_order_is_an_error(int offset, byte value)
    {
        byte[] bytes = new ElfBuilder().Build();
        bytes[offset] = value;

        var thrown = Assert.Throws<MalformedFileException>(() => ElfReading.Open(bytes));
        Assert.Equal(new ParseFault(MalformedReason.BadValue, offset), thrown.Fault);
    }

    [Fact]
    public void A_section_table_that_is_cut_keeps_what_is_there()
    {
        var elf = new ElfBuilder { StatedSections = 40 };
        elf.Section(".text", 1, [0x90, 0x90, 0x90, 0xc3], Code, address: 0x1000);
        using var image = ElfReading.Open(elf.Build());

        Assert.True(image.IsMalformed);
        Assert.Equal(MalformedReason.Truncated, image.Faults.First[0].Fault.Reason);
        Assert.Equal(ObjectKind.Library, image.Kind);
    }

    [Fact]
    public void Symbols_at_the_limit_are_read_and_one_more_is_logged()
    {
        var elf = new ElfBuilder();
        int text = elf.Section(".text", 1, new byte[64], Code, address: 0x1000);
        elf.SymbolTable(new SymbolSpec("a", 0x1000, 4, text), new SymbolSpec("b", 0x1010, 4, text));
        byte[] bytes = elf.Build();

        using var at = ElfReading.Open(bytes, new ParseLimits { Symbols = 3 }); // the empty one counts
        using var past = ElfReading.Open(bytes, new ParseLimits { Symbols = 2 });

        Assert.Equal(["a", "b"], ElfReading.Symbols(at).Select(s => s.Name));
        Assert.False(at.IsMalformed);
        Assert.Equal(["a"], ElfReading.Symbols(past).Select(s => s.Name));
        Assert.True(past.IsMalformed);
        Assert.Equal(MalformedReason.CountOverLimit, Assert.Single(past.Faults.First).Fault.Reason);
    }

    [Fact]
    public void Segments_over_the_limit_are_an_error()
    {
        var elf = new ElfBuilder();
        int text = elf.Section(".text", 1, new byte[16], Code);
        byte[] bytes = elf.Segment(1, text).Segment(1, text).Build();

        ElfReading.Open(bytes, new ParseLimits { Segments = 2 }).Dispose();
        var thrown = Assert.Throws<MalformedFileException>(() => ElfReading.Open(bytes, new ParseLimits { Segments = 1 }));
        Assert.Equal(MalformedReason.CountOverLimit, thrown.Fault.Reason);
    }

    [Fact]
    public void Names_that_overlap_without_end_run_out_of_budget()
    {
        var elf = new ElfBuilder();
        int text = elf.Section(".text", 1, new byte[64], Code, address: 0x1000);
        int strings = elf.Section(".strtab", 3, [0, .. Enumerable.Repeat((byte)'x', 40_000), 0]);
        var entries = elf.Content().Zeros(24);
        for (int i = 0; i < 20_000; i++)
        {
            entries.U32((uint)(1 + i)).U8(0x12).U8(0).U16(text).U64(0x1000).U64(4);
        }

        elf.Section(".symtab", 2, entries.ToArray(), link: strings, entrySize: 24);
        using var image = ElfReading.Open(elf.Build());
        int read = ElfReading.Symbols(image).Count;

        Assert.InRange(read, 100, 19_999);
        Assert.Equal(MalformedReason.StepsOverLimit, Assert.Single(image.Faults.First).Fault.Reason);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void A_build_id_is_found_behind_notes_of_the_segments_own_alignment(int alignment)
    {
        var elf = new ElfBuilder();
        byte[] notes = [
            .. elf.Note("GNU", 5, new byte[12], alignment), // a property note that needs padding
            .. elf.Note("Go", 3, [9, 9], alignment), // the right type of another owner
            .. elf.Note("GNU", 3, new byte[20], alignment), // all zero counts as none
            .. elf.Note("GNU", 3, [0xab, 0xcd, 0xef], alignment),
        ];
        int section = elf.Section(".notes", 1, notes, alignment: (ulong)alignment);
        using var image = ElfReading.Open(elf.Segment(4, section, alignment: (ulong)alignment).Build());

        Assert.Equal("abcdef", image.CodeId?.Hex);
        Assert.Equal("00efcdab-0000-0000-0000-000000000000", image.DebugId?.ToString());
    }

    [Fact]
    public void Note_headers_that_all_point_at_the_same_bytes_run_out_of_budget()
    {
        var elf = new ElfBuilder();
        var notes = elf.Content();
        for (int i = 0; i < 1000; i++)
        {
            notes.Bytes(elf.Note("other", 1, []));
        }

        int section = elf.Section(".note", 7, notes.ToArray());
        for (int i = 0; i < 200; i++)
        {
            elf.Segment(4, section);
        }

        using var image = ElfReading.Open(elf.Build());

        Assert.Null(image.CodeId);
        Assert.Equal(MalformedReason.StepsOverLimit, image.Faults.First[0].Fault.Reason);
    }

    [Fact]
    public void A_big_endian_build_id_is_not_swapped()
    {
        var elf = new ElfBuilder(bigEndian: true) { Machine = 21 };
        elf.Section(".note.gnu.build-id", 7, elf.Note("GNU", 3, [.. Enumerable.Range(1, 20).Select(i => (byte)i)]));
        using var image = ElfReading.Open(elf.Build());

        Assert.Equal("01020304-0506-0708-090a-0b0c0d0e0f10", image.DebugId?.ToString());
    }

    [Fact]
    public void Sonys_fingerprint_serves_as_build_id()
    {
        var elf = new ElfBuilder { Type = 0xfe18 };
        int data = elf.Section(".sce", 1, [.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        using var image = ElfReading.Open(elf.Segment(0x6100_0000, data).Build());

        Assert.Equal("0102030405060708090a0b0c0d0e0f1011121314", image.CodeId?.Hex);
        Assert.Equal(ObjectKind.Library, image.Kind);
    }

    [Fact]
    public void A_debug_file_without_build_id_has_no_id_at_all()
    {
        var elf = new ElfBuilder();
        elf.Section(".text", 8, new byte[256], Code, address: 0x1000);
        using var image = ElfReading.Open(elf.Build());

        Assert.Null(image.CodeId);
        Assert.Null(image.DebugId);
        Assert.Equal(ObjectKind.Debug, image.Kind);
    }

    [Fact]
    public void Descriptors_of_the_first_powerpc_interface_lead_to_the_code()
    {
        var elf = new ElfBuilder(bigEndian: true) { Machine = 21, Flags = 1 };
        int text = elf.Section(".text", 1, new byte[64], Code, address: 0x1000);
        int descriptors = elf.Section(".opd", 1, elf.Content().U64(0x1020).U64(0).U64(0).ToArray(), 3, address: 0x2000);
        elf.SymbolTable(new SymbolSpec("entry", 0x2000, 8, descriptors), new SymbolSpec("lost", 0x2010, 8, descriptors));
        using var image = ElfReading.Open(elf.Segment(1, text, flags: 5).Build());

        Assert.Equal([(0x1020ul, 8ul, "entry")], ElfReading.Symbols(image));
    }

    [Fact]
    public void Marks_versions_and_places_outside_of_code_are_no_names()
    {
        var elf = new ElfBuilder(is64: false) { Machine = 40 };
        int text = elf.Section(".text", 1, new byte[64], Code, address: 0x1000);
        int data = elf.Section(".data", 1, new byte[64], 3, address: 0x2000);
        elf.SymbolTable(
            new SymbolSpec("thumb@@V1", 0x1001, 8, text),
            new SymbolSpec("$t", 0x1000, 0, text, Type: 0, Binding: 0),
            new SymbolSpec("$d.4", 0x1020, 0, text, Type: 0, Binding: 0),
            new SymbolSpec(".Ltmp1", 0x1024, 0, text, Type: 0, Binding: 0),
            new SymbolSpec("_edata", 0x2040, 0, data, Type: 0),
            new SymbolSpec("etext", 0x1040, 0, text, Type: 0),
            new SymbolSpec("undefined", 0x1008, 4, 0),
            new SymbolSpec("absolute", 0x1008, 4, 0xfff1),
            new SymbolSpec("overlong", 0x1030, 0x1000, text));
        using var image = ElfReading.Open(elf.Build());

        Assert.Equal([(0x1000ul, 8ul, "thumb"), (0x1030ul, 0x10ul, "overlong")], ElfReading.Symbols(image));
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3, 4 }, MalformedReason.Truncated)] // no NUL
    [InlineData(new byte[] { 97, 0, 0, 0 }, MalformedReason.Truncated)] // no checksum
    [InlineData(new byte[] { 0, 0, 0, 0, 1, 2, 3, 4 }, MalformedReason.BadValue)] // no name
    public void A_damaged_debug_link_is_logged_and_left_out(byte[] content, MalformedReason reason)
    {
        var elf = new ElfBuilder();
        elf.Section(".gnu_debuglink", 1, content);
        using var image = ElfReading.Open(elf.Build());

        Assert.Empty(image.Links);
        var fault = Assert.Single(image.Faults.First);
        Assert.Equal(reason, fault.Fault.Reason);
        Assert.Equal(content[0] == 97 ? "checksum of .gnu_debuglink" : "file name of a link", fault.What);
    }

    [Fact]
    public void A_supplement_is_named_with_its_build_id()
    {
        var elf = new ElfBuilder();
        elf.Section(".gnu_debugaltlink", 1, elf.Content().CString("../.dwz/pkg").Bytes(0xaa, 0xbb).ToArray());
        elf.Section(".debug_sup", 1, elf.Content().U16(5).U8(0).CString("five.sup").Uleb(2).Bytes(0xcc, 0xdd).ToArray());
        using var image = ElfReading.Open(elf.Build());

        Assert.Equal(
            [("../.dwz/pkg", "aabb"), ("five.sup", "ccdd")], image.Links.Select(l => (l.Name, l.Id?.Hex ?? "")));
        Assert.All(image.Links, l => Assert.Equal(ObjectLinkKind.Supplementary, l.Kind));
    }
}
