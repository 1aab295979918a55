using System.Buffers.Binary;
using System.IO.Compression;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Tests.Dwarf;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pe;

/// <summary>DWARF and its frame information in images.</summary>
public sealed class PeDwarfTests
{
    private const ulong Base = 0x1_4000_0000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Functions_come_from_plain_and_compressed_sections(bool compressed)
    {
        using var image = PeReading.Open(WithDwarf(section => compressed ? Packed(section, section.Length) : section, compressed));
        var model = new FunctionModel(names => image.OpenDebugSession(names)!);

        Assert.Equal(ObjectFeatures.DebugInfo, image.Features);
        Assert.Equal([new AddressRange(0x1010, 0x1020)], model["inside"].Ranges);
        Assert.DoesNotContain(model.Functions, function => function.Name == "outside");
    }

    [Fact]
    public void Section_that_does_not_inflate_fails_the_session_alone()
    {
        using var image = PeReading.Open(WithDwarf(section => Packed(section, section.Length + 1), compressed: true));

        var thrown = Assert.Throws<MalformedFileException>(() => image.OpenDebugSession(new InternPool()));
        Assert.Equal(MalformedReason.BadCompression, thrown.Fault.Reason);
        Assert.Empty(PeReading.Symbols(image));
    }

    [Fact]
    public void Compressed_section_without_its_header_is_damage()
    {
        using var image = PeReading.Open(WithDwarf(section => section, compressed: true));

        var thrown = Assert.Throws<MalformedFileException>(() => image.OpenDebugSession(new InternPool()));
        Assert.Equal(MalformedReason.BadCompression, thrown.Fault.Reason);
    }

    [Fact]
    public void Section_over_the_limit_counts_as_absent()
    {
        byte[] bytes = WithDwarf(section => Packed(section, section.Length), compressed: true);
        using var image = PeReading.Open(bytes, new ParseLimits { DecompressedSectionBytes = 16 });

        Assert.Null(image.OpenDebugSession(new InternPool()));
    }

    [Theory]
    [InlineData("mingw-x86.exe", true)]
    [InlineData("mingw-x86-stripped.exe", true)]
    [InlineData("mingw-x86.debug", false)] // its .eh_frame stayed in the image
    public void Frames_of_i386_come_from_eh_frame(string fixture, bool has)
    {
        using var image = PeReading.Open(Fixture.Bytes($"windows/{fixture}"));
        var table = image.OpenUnwindTable();

        Assert.Equal(has, table is not null);
        Assert.Equal(has, image.Features.HasFlag(ObjectFeatures.UnwindInfo));
        if (table is null)
        {
            return;
        }

        // llvm-dwarfdump-19 --eh-frame: FDE of _ZN12_GLOBAL__N_16Hidden4halfEi
        var rules = table.Describe(0x1000)!;
        Assert.Equal(("$esp 4 +", ".cfa -4 + ^"), (rules.Init[".cfa"], rules.Init[".ra"]));
        Assert.True(((ICodeView)table).TryReadCode(0x1000, new byte[4]));
    }

    /// <summary>Debug companions and packed images state a function table that is not there; images of old Go compilers none.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(12, false)]
    public void Frames_of_x64_come_from_dwarf_where_there_is_no_function_table(uint stated, bool has)
    {
        var cfi = new CfiAssembler(eh: false);
        cfi.Function(cfi.Common([0x0c, 7, 8, 0x90, 1]), Base + 0x1000, 0x100, [0x0e, 0x20]); // def_cfa rsp+8, rip at cfa-8; cfa_offset 32
        var pe = new PeBuilder { ImageBase = Base }.Section(".text", 0x1000, new byte[0x100], PeBuilder.Code);
        pe.Section(".debug_frame", 0x2000, cfi.ToArray(), PeBuilder.Data).Directory(3, stated == 0 ? 0 : 0x8000u, stated);
        using var image = PeReading.Open(pe.Build());

        Assert.Equal(has, image.Features.HasFlag(ObjectFeatures.UnwindInfo));
        Assert.Equal(has ? "$rsp 32 +" : null, image.OpenUnwindTable()?.Describe(0x1010)!.Init[".cfa"]);
    }

    private static byte[] WithDwarf(Func<byte[], byte[]> store, bool compressed)
    {
        var dwarf = new DwarfBuilder(4)
            .Abbrev(1, 0x11, true, 0x13, 0x0b) // DW_TAG_compile_unit
            .Abbrev(2, 0x2e, false, 0x03, 0x08, 0x11, 0x01, 0x12, 0x06) // DW_TAG_subprogram
            .Unit(unit =>
            {
                unit.U8(1).U8(0x0c);
                unit.U8(2).CString("inside").U64(Base + 0x1010).U32(0x10);
                unit.U8(2).CString("outside").U64(Base + 0x8000).U32(0x10);
                unit.U8(0);
            });
        string prefix = compressed ? ".zdebug_" : ".debug_";
        var pe = new PeBuilder { ImageBase = Base }.Section(".text", 0x1000, new byte[0x100], PeBuilder.Code);
        pe.Section(prefix + "info", 0x2000, store(dwarf.Info.ToArray()), PeBuilder.Data);
        return pe.Section(prefix + "abbrev", 0x3000, store(dwarf.Abbrevs.ToArray()), PeBuilder.Data).Build();
    }

    private static byte[] Packed(byte[] bytes, int stated)
    {
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        byte[] size = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(size, (ulong)stated);
        return new ByteBuilder().Text("ZLIB").Bytes(size).Bytes(packed.ToArray()).ToArray();
    }
}
