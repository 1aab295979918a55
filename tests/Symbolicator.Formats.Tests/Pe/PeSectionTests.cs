using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pe;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pe;

/// <summary>The way from addresses and names to bytes.</summary>
public sealed class PeSectionTests
{
    private static readonly byte[] Letters = [.. Enumerable.Range(0, 0x200).Select(i => (byte)(i % 26 + 'a'))];

    [Theory]
    [InlineData(0x1000, 4, 0)]
    [InlineData(0x1100, 16, 0x100)]
    [InlineData(0x11f0, 16, 0x1f0)]
    public void Address_leads_to_bytes_through_its_section(ulong rva, int length, int at)
    {
        var image = Open(new PeBuilder().Section(".text", 0x1000, Letters, PeBuilder.Code));

        Assert.True(image.TryRead(rva, length, out var bytes));
        Assert.True(bytes.SequenceEqual(Letters.AsSpan(at, length)));
    }

    [Theory]
    [InlineData(0x0fff, 1)] // between headers and section
    [InlineData(0x11f0, 17)]
    [InlineData(0x1200, 1)]
    [InlineData(0x2010, 1)] // in memory only
    [InlineData(0x1_0000_1000, 1)]
    [InlineData(ulong.MaxValue, 1)]
    public void Address_without_bytes_reads_nothing(ulong rva, int length)
    {
        var image = Open(new PeBuilder().Section(".text", 0x1000, Letters, PeBuilder.Code).Section(".bss", 0x2000, [], PeBuilder.Data, 0x100));

        Assert.False(image.TryRead(rva, length, out _));
    }

    [Fact]
    public void Headers_are_mapped_at_their_offsets()
    {
        var image = Open(new PeBuilder());

        Assert.True(image.TryRead(0x3c, 4, out var bytes));
        Assert.Equal(0x80, bytes[0]);
    }

    [Fact]
    public void Bytes_behind_the_stated_end_are_mapped_up_to_the_page()
    {
        var image = Open(new PeBuilder().Section(".text", 0x1000, Letters, PeBuilder.Code, virtualSize: 0x1f0));

        Assert.False(image.TryRead(0x11ff, 1, out _));
        Assert.True(image.TryRead(0x11e0, 0x20, out _));
    }

    [Theory]
    [InlineData(0x1000u, 0x10)] // rounded down to a sector
    [InlineData(0x200u, 0)] // sections of an image aligned to less than a page lie where they are said to
    public void Offset_of_a_section_is_rounded_as_the_loader_does(uint alignment, int behind)
    {
        var pe = new PeBuilder { SectionAlignment = alignment };
        var image = Open(pe.Section(".text", 0x1000, Letters, PeBuilder.Code, skew: 0x10, rawSize: 0x1f0));

        Assert.True(image.TryRead(0x1020, 4, out var bytes));
        Assert.True(bytes.SequenceEqual(Letters.AsSpan(0x30 - behind, 4)));
    }

    [Theory]
    [InlineData("/4", true)]
    [InlineData("/0000004", true)]
    [InlineData("//AAAAAE", true)]
    [InlineData("//AAAAAF", false)] // in the middle of the name
    [InlineData("/5", false)]
    [InlineData("/4x", false)]
    [InlineData("/9999999", false)]
    [InlineData("////////", false)]
    [InlineData(".debug_i", false)]
    public void Long_names_are_in_the_string_table(string stored, bool found)
    {
        var pe = new PeBuilder();
        Assert.Equal(4u, pe.AddString(".debug_info"));
        pe.AddString("other");
        var image = Open(pe.Section(stored, 0x1000, Letters, PeBuilder.Data));

        Assert.Equal(found, !image.FindBytes(".debug_info"u8).IsEmpty);
        Assert.True(image.FindBytes(".debug"u8).IsEmpty);
    }

    [Fact]
    public void Section_found_by_name_is_without_the_padding_of_the_file()
    {
        var image = Open(new PeBuilder().Section(".eh_fram", 0x1000, Letters, PeBuilder.Data, virtualSize: 0x123));

        Assert.Equal((0x123L, 0x1000ul), (image.FindBytes(".eh_fram"u8).Length, image.FindBytes(".eh_fram"u8).Address));
    }

    [Fact]
    public void Overlapping_and_unordered_sections_give_the_last_one_that_begins_below()
    {
        var pe = new PeBuilder().Section(".b", 0x1100, Letters, PeBuilder.Code).Section(".a", 0x1000, Letters, PeBuilder.Data);
        var image = Open(pe);

        Assert.True(image.TryRead(0x1000, 1, out var first));
        Assert.Equal((byte)'a', first[0]);
        Assert.True(image.TryRead(0x1110, 1, out var second));
        Assert.Equal(Letters[0x10], second[0]);
        Assert.Equal([new AddressRange(0x1100, 0x1300)], image.Code);
        Assert.False(image.IsCode(0x10ff));
        Assert.True(image.IsCode(0x1100));
    }

    private static PeImage Open(PeBuilder pe) => PeImage.Open(new MemoryFileBytes(pe.Build()), ParseLimits.Default, new FaultLog());
}
