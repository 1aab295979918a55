using System.IO.Compression;
using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pe;

public sealed class PeObjectTests
{
    private const uint TextRva = 0x1000;
    private const uint DataRva = 0x2000;
    private static readonly byte[] Guid = [0x9d, 0xd9, 0x49, 0x32, 0x40, 0x0c, 0x31, 0x49, 0x86, 0x10, 0xf4, 0xe4, 0xfb, 0x0b, 0x69, 0x36];

    [Theory]
    [InlineData(false, 0x14c, Arch.X86)]
    [InlineData(true, 0x8664, Arch.Amd64)]
    [InlineData(true, 0xaa64, Arch.Arm64)]
    [InlineData(false, 0x1c4, Arch.Arm)]
    [InlineData(true, 0xa641, Arch.Arm64)]
    [InlineData(true, 0x200, Arch.Unknown)] // Itanium
    public void Headers_tell_what_an_image_is(bool is64, int machine, Arch arch)
    {
        var pe = new PeBuilder { Is64 = is64, Machine = (ushort)machine, ImageBase = 0x40_0000, Timestamp = 0x5ab3_8077, ImageSize = 0x9000 };
        pe.Section(".text", TextRva, [0xc3], PeBuilder.Code);
        using var image = PeReading.Open(pe.Build());

        Assert.Equal(
            (FileFormat.Pe, ObjectKind.Executable, arch, "5ab380779000"),
            (image.Format, image.Kind, image.Arch, image.CodeId?.Hex));
        Assert.Equal((0x40_0000ul, 0x9000ul), (image.ImageBase, image.ImageSize));
        Assert.Equal((null, null, false), (image.DebugId, image.Name, image.IsMalformed));
        Assert.Equal(ObjectFeatures.None, image.Features);
    }

    [Theory]
    [InlineData(0x2022, true, ObjectKind.Library)]
    [InlineData(0x2022, false, ObjectKind.Library)]
    [InlineData(0x22, true, ObjectKind.Executable)]
    [InlineData(0x22, false, ObjectKind.Other)] // a debug companion: the header of the code is all there is of it
    [InlineData(0x20, true, ObjectKind.Other)]
    public void Kind_follows_characteristics_and_code(int characteristics, bool hasCode, ObjectKind kind)
    {
        var pe = new PeBuilder { Characteristics = (ushort)characteristics };
        pe.Section(".text", TextRva, hasCode ? [0xc3] : [], PeBuilder.Code, virtualSize: 0x10);

        Assert.Equal(kind, PeReading.Open(pe.Build()).Kind);
    }

    [Theory]
    [InlineData("C:\\out\\crash.pdb", true, "C:\\out\\crash.pdb")]
    [InlineData("crash.pdb", false, "crash.pdb")]
    [InlineData("", true, null)]
    [InlineData("", false, null)]
    public void Codeview_record_names_the_pdb(string path, bool terminated, string? name)
    {
        using var image = PeReading.Open(WithDebug(Entry(2, Rsds(7, path, terminated))));

        Assert.Equal("3249d99d-0c40-4931-8610-f4e4fb0b6936-7", image.DebugId?.ToString());
        Assert.Equal(name, image.Name);
        Assert.False(image.IsMalformed);
    }

    [Fact]
    public void Timestamp_of_an_old_codeview_record_is_its_id()
    {
        var record = new ByteBuilder().Text("NB10").U32(0).U32(0x3b7d_8410).U32(3).CString("old.pdb");
        using var image = PeReading.Open(WithDebug(Entry(2, record.ToArray())));

        Assert.Equal(("3b7d8410-0000-0000-0000-000000000000-3", "old.pdb"), (image.DebugId?.ToString(), image.Name));
    }

    [Fact]
    public void Stamp_of_a_portable_pdb_takes_the_place_of_the_age() =>
        Assert.Equal(
            "3249d99d-0c40-4931-8610-f4e4fb0b6936-ab8cf31e",
            PeReading.Open(WithDebug(Entry(2, Rsds(1, "a.pdb"), stamp: 0xab8c_f31e, minor: 0x504d))).DebugId?.ToString());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Portable_pdb_comes_before_the_native_one_of_an_image_compiled_ahead(bool portableFirst)
    {
        var native = Entry(2, Rsds(1, "native.ni.pdb"));
        var portable = Entry(2, Rsds(1, "managed.pdb"), stamp: 5, minor: 0x504d);
        using var image = PeReading.Open(portableFirst ? WithDebug(portable, native) : WithDebug(native, portable));

        Assert.Equal(("managed.pdb", 5u), (image.Name, image.DebugId?.Age));
    }

    [Fact]
    public void First_of_equal_codeview_records_counts_and_other_types_are_passed_over()
    {
        using var image = PeReading.Open(
            WithDebug(Entry(12, [1, 2, 3, 4]), Entry(16, []), Entry(2, Rsds(1, "first.pdb")), Entry(2, Rsds(2, "second.pdb"))));

        Assert.Equal(("first.pdb", 1u), (image.Name, image.DebugId?.Age));
    }

    /// <summary>20,000 entries share one record with a path of 64 KiB.</summary>
    [Fact]
    public void Paths_of_records_that_do_not_count_are_not_read()
    {
        byte[] record = Rsds(1, new string('x', 65_000));
        var pe = new PeBuilder();
        var section = new ByteBuilder();
        const int Entries = 20_000;
        for (int i = 0; i < Entries; i++)
        {
            section.U32(0).U32(0).U32(0).U32(2).U32((uint)record.Length).U32(0).U32((uint)pe.NextOffset + (Entries * 28));
        }

        pe.Section(".rdata", DataRva, section.Bytes(record).ToArray(), PeBuilder.Data).Directory(6, DataRva, Entries * 28);
        byte[] bytes = pe.Build();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var image = PeReading.Open(bytes);

        Assert.Equal(65_000, image.Name?.Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Stale_offset_of_a_record_is_made_good_by_its_address() =>
        Assert.Equal("moved.pdb", PeReading.Open(WithDebug(Entry(2, Rsds(1, "moved.pdb"), staleOffset: true))).Name);

    [Fact]
    public void Record_that_is_no_codeview_is_logged()
    {
        using var image = PeReading.Open(WithDebug(Entry(2, [.. "RSDX"u8, .. new byte[24]])));

        Assert.Null(image.DebugId);
        Assert.Equal(MalformedReason.BadMagic, Assert.Single(image.Faults.First).Fault.Reason);
    }

    [Fact]
    public void All_zero_guid_is_no_id() =>
        Assert.Null(PeReading.Open(WithDebug(Entry(2, [.. "RSDS"u8, .. new byte[16], 1, 0, 0, 0, (byte)'a', 0]))).DebugId);

    [Fact]
    public void Embedded_portable_pdb_is_inflated()
    {
        byte[] pdb = Encoding.ASCII.GetBytes("BSJB" + new string('x', 5000));
        using var image = PeReading.Open(WithDebug(Entry(17, Mpdb(pdb, pdb.Length))));
        using var inflated = image.ReadEmbeddedPortablePdb();

        Assert.True(image.HasEmbeddedPortablePdb);
        Assert.True(inflated!.TrySlice(inflated.All, out var bytes));
        Assert.True(bytes.SequenceEqual(pdb));
    }

    [Theory]
    [InlineData(5003)]
    [InlineData(5005)]
    public void Embedded_portable_pdb_of_another_size_than_stated_is_an_error(int stated)
    {
        using var image = PeReading.Open(WithDebug(Entry(17, Mpdb(new byte[5004], stated))));

        var thrown = Assert.Throws<MalformedFileException>(image.ReadEmbeddedPortablePdb);
        Assert.Equal(MalformedReason.BadCompression, thrown.Fault.Reason);
    }

    [Fact]
    public void Embedded_portable_pdb_over_the_limit_is_an_error()
    {
        byte[] bytes = WithDebug(Entry(17, Mpdb(new byte[5004], 5004)));
        using var at = PeReading.Open(bytes, new ParseLimits { DecompressedSectionBytes = 5004 });
        using var past = PeReading.Open(bytes, new ParseLimits { DecompressedSectionBytes = 5003 });

        at.ReadEmbeddedPortablePdb()!.Dispose();
        var thrown = Assert.Throws<MalformedFileException>(past.ReadEmbeddedPortablePdb);
        Assert.Equal(MalformedReason.SizeOverLimit, thrown.Fault.Reason);
    }

    [Fact]
    public void Image_without_an_embedded_pdb_has_none()
    {
        using var image = PeReading.Open(WithDebug(Entry(2, Rsds(1, "a.pdb"))));

        Assert.False(image.HasEmbeddedPortablePdb);
        Assert.Null(image.ReadEmbeddedPortablePdb());
    }

    [Theory]
    [InlineData(0x7fff_0000u, 28u)] // outside of all sections
    [InlineData(0u, 28u)]
    [InlineData(DataRva, 0u)]
    [InlineData(DataRva, 27u)] // not even one entry
    public void Debug_directory_that_is_not_there_is_no_damage(uint rva, uint size)
    {
        var pe = new PeBuilder();
        pe.Section(".rdata", DataRva, new byte[64], PeBuilder.Data);
        pe.Directory(6, rva, size);
        using var image = PeReading.Open(pe.Build());

        Assert.Equal((null, false, 0L), (image.DebugId, image.IsMalformed, image.Faults.Total));
    }

    [Fact]
    public void Directories_that_the_header_does_not_count_are_not_there()
    {
        var pe = new PeBuilder { DirectoryCount = 6 };
        AddDebug(pe, Entry(2, Rsds(1, "a.pdb")));

        Assert.Null(PeReading.Open(pe.Build()).DebugId);
    }

    [Theory]
    [InlineData(1, MalformedReason.BadMagic, 0)] // too short for the format to be known
    [InlineData(2, MalformedReason.Truncated, 2)]
    [InlineData(0x3e, MalformedReason.Truncated, 0x3c)]
    [InlineData(0x80, MalformedReason.Truncated, 0x80)]
    [InlineData(0x84, MalformedReason.Truncated, 0x84)]
    [InlineData(0x98, MalformedReason.Truncated, 0x98)]
    [InlineData(0x106, MalformedReason.Truncated, 0x104)] // NumberOfRvaAndSizes
    public void Header_that_is_cut_is_an_error_where_it_ends(int length, MalformedReason reason, long offset)
    {
        byte[] bytes = new PeBuilder().Build()[..length];

        var thrown = Assert.Throws<MalformedFileException>(() => PeReading.Open(bytes));
        Assert.Equal(new ParseFault(reason, offset), thrown.Fault);
    }

    [Theory]
    [InlineData(0x80, 0x80)] // "PE"
    [InlineData(0x98, 0x9a)] // magic of the optional header
    public void Unknown_signatures_are_errors(int at, long offset)
    {
        byte[] bytes = new PeBuilder().Build();
        bytes[at] ^= 0xff;

        var thrown = Assert.Throws<MalformedFileException>(() => PeReading.Open(bytes));
        Assert.Equal(new ParseFault(MalformedReason.BadMagic, offset), thrown.Fault);
    }

    [Fact]
    public void Section_headers_that_are_cut_leave_those_before()
    {
        var pe = new PeBuilder { StatedSections = 60_000 };
        AddDebug(pe, Entry(2, Rsds(1, "kept.pdb")));
        using var image = PeReading.Open(pe.Build());

        Assert.Equal(("kept.pdb", true), (image.Name, image.IsMalformed));
        Assert.Equal(MalformedReason.Truncated, image.Faults.First[0].Fault.Reason);
    }

    [Fact]
    public void Sections_at_the_limit_are_read_and_one_more_is_logged()
    {
        var pe = new PeBuilder();
        pe.Section(".text", TextRva, [0xc3], PeBuilder.Code);
        AddDebug(pe, Entry(2, Rsds(1, "a.pdb")));
        byte[] bytes = pe.Build();

        Assert.Equal("a.pdb", PeReading.Open(bytes, new ParseLimits { Sections = 2 }).Name);
        using var past = PeReading.Open(bytes, new ParseLimits { Sections = 1 });
        Assert.Equal((null, true), (past.Name, past.IsMalformed));
        Assert.Equal(MalformedReason.CountOverLimit, past.Faults.First[0].Fault.Reason);
    }

    [Fact]
    public void Section_that_leaves_the_file_is_used_as_far_as_it_goes()
    {
        var pe = new PeBuilder();
        AddDebug(pe, rawSize: 0x10_0000, Entry(2, Rsds(1, "kept.pdb")));
        using var image = PeReading.Open(pe.Build());

        Assert.Equal(("kept.pdb", true), (image.Name, image.IsMalformed));
    }

    [Fact]
    public void Hybrid_image_has_no_unwind_information_and_says_so()
    {
        var pe = new PeBuilder();
        pe.Section(".text", TextRva, [0xc3], PeBuilder.Code);
        var data = new ByteBuilder().U32(TextRva).U32(TextRva + 1).U32(DataRva + 12).U8(1).Zeros(3); // a record and its data
        data.U32(208).PadTo(16 + 200).U64(0x1_4000_3000); // CHPEMetadataPointer
        pe.Section(".rdata", DataRva, data.ToArray(), PeBuilder.Data);
        pe.Directory(3, DataRva, 12);
        byte[] plain = pe.Build();
        byte[] hybrid = pe.Directory(10, DataRva + 16, 208).Build();

        using var image = PeReading.Open(hybrid);
        Assert.Null(image.OpenUnwindTable());
        Assert.Equal(MalformedReason.Unsupported, Assert.Single(image.Faults.First).Fault.Reason);
        Assert.Equal(ObjectFeatures.None, image.Features);
        Assert.Equal(ObjectFeatures.UnwindInfo, PeReading.Open(plain).Features);
    }

    internal static byte[] Rsds(uint age, string path, bool terminated = true)
    {
        var record = new ByteBuilder().Text("RSDS").Bytes(Guid).U32(age).Text(path);
        return (terminated ? record.U8(0) : record).ToArray();
    }

    internal static DebugEntry Entry(uint type, byte[] data, uint stamp = 0, ushort minor = 0, bool staleOffset = false) =>
        new(type, data, stamp, minor, staleOffset);

    internal static byte[] WithDebug(params DebugEntry[] entries)
    {
        var pe = new PeBuilder();
        AddDebug(pe, entries);
        return pe.Build();
    }

    private static void AddDebug(PeBuilder pe, params DebugEntry[] entries) => AddDebug(pe, null, entries);

    private static void AddDebug(PeBuilder pe, uint? rawSize, params DebugEntry[] entries)
    {
        int offset = pe.NextOffset;
        var section = new ByteBuilder();
        uint at = (uint)(entries.Length * 28);
        foreach (var entry in entries)
        {
            section.U32(0).U32(entry.Stamp).U16(0x100).U16(entry.Minor).U32(entry.Type).U32((uint)entry.Data.Length);
            section.U32(DataRva + at).U32(entry.StaleOffset ? 4 : (uint)offset + at);
            at += (uint)entry.Data.Length;
        }

        foreach (var entry in entries)
        {
            section.Bytes(entry.Data);
        }

        pe.Section(".rdata", DataRva, section.ToArray(), PeBuilder.Data, rawSize: rawSize);
        pe.Directory(6, DataRva, (uint)(entries.Length * 28));
    }

    private static byte[] Mpdb(byte[] pdb, int stated)
    {
        using var deflated = new MemoryStream();
        using (var stream = new DeflateStream(deflated, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(pdb);
        }

        return new ByteBuilder().Text("MPDB").U32((uint)stated).Bytes(deflated.ToArray()).ToArray();
    }

    internal sealed record DebugEntry(uint Type, byte[] Data, uint Stamp, ushort Minor, bool StaleOffset);
}
