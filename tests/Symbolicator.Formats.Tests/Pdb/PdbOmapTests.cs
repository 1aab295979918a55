using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb;

/// <summary>
/// Images that were rearranged after linking. Expected values are worked out by hand: an address belongs to the last point
/// that is not behind it and keeps its distance from that point; a point that leads to 0 stands for removed bytes.
/// </summary>
public sealed class PdbOmapTests
{
    [Fact]
    public void An_address_keeps_its_distance_from_the_point_before_it()
    {
        var addresses = PdbFileTests.Open(Rearranged(out ushort text).Build()).Addresses;

        Assert.True(addresses.IsRearranged);
        Assert.True(addresses.TryToRva(text, 0, out uint rva));
        Assert.Equal(0x5000u, rva);
        Assert.True(addresses.TryToRva(text, 0x2f, out rva));
        Assert.Equal(0x400fu, rva);
        Assert.False(addresses.TryToRva(text, 0x40, out _)); // removed
        Assert.False(addresses.TryToRva(text, 0x4f, out _));
        Assert.True(addresses.TryToRva(text, 0x50, out rva));
        Assert.Equal(0x5020u, rva);
        Assert.False(addresses.TryToRva(text, 0x100, out _)); // behind the section as it was linked
    }

    [Fact]
    public void A_range_becomes_its_pieces_in_order_with_neighbours_merged()
    {
        var addresses = PdbFileTests.Open(Rearranged(out ushort text).Build()).Addresses;
        var ranges = new List<AddressRange> { new(1, 2) };

        addresses.AddRanges(text, 0, 0x60, ranges);

        // 0x1000-0x1020 to 0x5000, 0x1020-0x1040 to 0x4000, 0x1040-0x1050 gone, 0x1050-0x1060 to 0x5020.
        Assert.Equal([new(1, 2), new(0x4000, 0x4020), new(0x5000, 0x5030)], ranges);
    }

    [Fact]
    public void A_range_inside_removed_bytes_is_nowhere()
    {
        var addresses = PdbFileTests.Open(Rearranged(out ushort text).Build()).Addresses;
        var ranges = new List<AddressRange>();

        addresses.AddRanges(text, 0x41, 0xe, ranges);

        Assert.Empty(ranges);
    }

    [Fact]
    public void A_range_before_the_first_point_is_nowhere()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        pdb.ImageStream(4, PdbBuilder.Omap((0x1010, 0x1030)));
        var addresses = PdbFileTests.Open(pdb.Build()).Addresses;
        var ranges = new List<AddressRange>();

        addresses.AddRanges(text, 0, 0x20, ranges);

        Assert.False(addresses.TryToRva(text, 0, out _));
        Assert.Equal([new AddressRange(0x1030, 0x1040)], ranges);
    }

    [Fact]
    public void From_the_last_point_before_one_out_of_order_nothing_is_known()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        pdb.ImageStream(4, PdbBuilder.Omap((0x1000, 0x2000), (0x1020, 0x3000), (0x1010, 0x4000)));
        var file = PdbFileTests.Open(pdb.Build());

        Assert.True(file.Addresses.TryToRva(text, 0x1f, out uint rva));
        Assert.Equal(0x201fu, rva);
        Assert.False(file.Addresses.TryToRva(text, 0x20, out _));
        Assert.Equal(1, file.Faults.Total);
    }

    [Fact]
    public void A_table_that_cannot_be_read_at_all_leaves_no_addresses()
    {
        var pdb = new PdbBuilder(512);
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        byte[] table = [.. PdbBuilder.Omap((0x1000, 0x2000)), .. new byte[8]];
        pdb.ImageStream(4, table);
        byte[] bytes = pdb.Build();
        int at = bytes.AsSpan().IndexOf(table);
        var file = PdbFileTests.Open(bytes);
        Assert.True(file.Addresses.TryToRva(text, 0, out _) is false && file.Addresses.IsRearranged); // the second point is behind the first

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.AsSpan().LastIndexOf(BitConverter.GetBytes(at / 512))), 0xff_ffff);
        file = PdbFileTests.Open(bytes);
        Assert.True(file.Addresses.IsRearranged);
        Assert.False(file.Addresses.TryToRva(text, 0, out _));
        Assert.Equal(MalformedReason.Truncated, file.Faults.First.Single().Fault.Reason);
    }

    [Fact]
    public void Targets_at_the_end_of_the_address_space_do_not_wrap()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        pdb.ImageStream(4, PdbBuilder.Omap((0x1000, 0xffff_fff0)));
        var addresses = PdbFileTests.Open(pdb.Build()).Addresses;
        var ranges = new List<AddressRange>();

        addresses.AddRanges(text, 0, 0x100, ranges);

        Assert.Equal([new AddressRange(0xffff_fff0, 0x1_0000_0000)], ranges);
        Assert.False(addresses.TryToRva(text, 0x10, out _));
    }

    [Fact]
    public void Ranges_that_pass_the_table_again_and_again_are_cut_to_their_first_piece()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x1000);
        pdb.ImageStream(4, PdbBuilder.Omap([.. Enumerable.Range(0, 100).Select(i => (0x1000u + (uint)i, 0x9000u - (uint)i))]));
        var file = PdbFileTests.Open(pdb.Build());
        var ranges = new List<AddressRange>();

        // A hundred points, of which a whole range passes 99 besides its first: 256 visits of each are 258 ranges.
        int whole = 0;
        for (int i = 0; i < 1000; i++)
        {
            ranges.Clear();
            file.Addresses.AddRanges(text, 0, 100, ranges);
            whole += ranges[0].Start == 0x8f9d ? 1 : 0;
            Assert.Equal(i < 258, ranges[0].Start == 0x8f9d);
        }

        Assert.Equal(258, whole);
        Assert.Equal([new AddressRange(0x9000, 0x9001)], ranges);
        Assert.Equal(1, file.Faults.Total);
    }

    [Fact]
    public void Public_symbols_name_every_piece_of_their_code()
    {
        var pdb = Rearranged(out ushort text);
        pdb.Public("moved", text, 0);
        pdb.Public("also moved", text, 0);
        pdb.Public("removed", text, 0x44);
        pdb.Public("last", text, 0x50);

        // "moved" reaches to 0x1044: of 0x1040 nothing is left. "last" reaches to the end of the section.
        Assert.Equal(
            [
                (0x5000, 0x7000, "also moved"), (0x4000, 0x4020, "moved"), (0x5000, 0x5020, "moved"),
                (0x5020, 0x50d0, "last"),
            ],
            PdbPublicsTests.Symbols(pdb.Build()));
    }

    /// <summary>One section that was linked to 0x1000 and whose image lies from 0x4000 to 0x7000.</summary>
    private static PdbBuilder Rearranged(out ushort text)
    {
        var pdb = new PdbBuilder();
        text = pdb.Section(".text", 0x4000, 0x3000);
        pdb.ImageStream(10, PdbBuilder.SectionHeader(".text", 0x1000, 0x100));
        return pdb.ImageStream(
            4, PdbBuilder.Omap((0x1000, 0x5000), (0x1020, 0x4000), (0x1040, 0), (0x1050, 0x5020)));
    }
}
