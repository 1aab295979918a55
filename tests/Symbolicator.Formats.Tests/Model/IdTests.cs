using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Tests.Model;

public sealed class IdTests
{
    [Theory]
    [InlineData("DFB8E43AF2423D73A453AEB6A777EF750", "dfb8e43a-f242-3d73-a453-aeb6a777ef75")]
    [InlineData("dfb8e43af2423d73a453aeb6a777ef75", "dfb8e43a-f242-3d73-a453-aeb6a777ef75")]
    [InlineData("DFB8E43A-F242-3D73-A453-AEB6A777EF75-A", "dfb8e43a-f242-3d73-a453-aeb6a777ef75-a")]
    [InlineData("DFB8E43AF2423D73A453AEB6A777EF75feedface", "dfb8e43a-f242-3d73-a453-aeb6a777ef75-feedface")]
    [InlineData("dfb8e43a-f242-3d73-a453-aeb6a777ef75", "dfb8e43a-f242-3d73-a453-aeb6a777ef75")]
    public void All_spellings_of_a_debug_id_give_one_text(string text, string expected)
    {
        Assert.True(DebugId.TryParse(text, out var id));
        Assert.Equal(expected, id.ToString());
        Assert.Equal(id, DebugId.Parse(id.ToBreakpad()));
        Assert.Equal(id, DebugId.Parse(id.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("dfb8e43a")]
    [InlineData("dfb8e43a-f242-3d73-a453-aeb6a777ef7")]
    [InlineData("dfb8e43a-f2423d73-a453-aeb6a777ef75")]
    [InlineData("gfb8e43af2423d73a453aeb6a777ef75")]
    public void Other_text_is_no_debug_id(string text) => Assert.Null(DebugId.Parse(text));

    [Fact]
    public void A_build_id_is_swapped_and_padded_by_byte_order()
    {
        byte[] id = Convert.FromHexString("180a373d6afbabf0eb1f09be1bc45bd796a71085");

        Assert.Equal("3d370a18-fb6a-f0ab-eb1f-09be1bc45bd7", DebugId.FromBuildId(id, bigEndian: false).ToString());
        Assert.Equal("180a373d-6afb-abf0-eb1f-09be1bc45bd7", DebugId.FromBuildId(id, bigEndian: true).ToString());
        Assert.Equal("00000201-0000-0000-0000-000000000000", DebugId.FromBuildId([1, 2], bigEndian: false).ToString());
        Assert.Null(DebugId.FromBuildId(new byte[20], bigEndian: false));
    }

    [Theory]
    [InlineData("F1C3 bcc0-2798", "f1c3bcc02798")]
    [InlineData("5AB380779000", "5ab380779000")]
    [InlineData("xyz", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_code_id_is_its_hex_digits(string? text, string? expected) => Assert.Equal(expected, CodeId.Parse(text)?.Hex);

    [Fact]
    public void Code_ids_of_images()
    {
        Assert.Equal("5ab380779000", CodeId.FromPe(0x5ab38077, 0x9000).Hex);
        Assert.Equal("0a0b", CodeId.FromBytes([10, 11])?.Hex);
        Assert.Null(CodeId.FromBytes(new byte[20]));
    }

    [Fact]
    public void Unknown_and_unreadable_formats_are_told_apart()
    {
        using var text = new MemoryFileBytes("hello, world"u8.ToArray());
        using var wasm = new MemoryFileBytes("\0asm\u0001\0\0\0"u8.ToArray());

        var unknown = Assert.Throws<MalformedFileException>(() => ObjectFormats.Open(text));
        var unread = Assert.Throws<MalformedFileException>(() => ObjectFormats.Open(wasm));
        Assert.Equal((FileFormat.Unknown, MalformedReason.BadMagic), (unknown.Format, unknown.Fault.Reason));
        Assert.Equal((FileFormat.Wasm, MalformedReason.Unsupported), (unread.Format, unread.Fault.Reason));
    }

    [Fact]
    public void Every_architecture_has_a_name_that_leads_back_to_it()
    {
        foreach (var arch in Enum.GetValues<Arch>())
        {
            Assert.Equal(arch, ArchNames.Parse(arch.Name()));
        }
    }
}
