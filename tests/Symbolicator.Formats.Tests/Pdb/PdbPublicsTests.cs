using System.Buffers.Binary;
using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb;

public sealed class PdbPublicsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Publics_of_code_are_listed_up_to_the_end_of_their_section(bool withList)
    {
        var pdb = new PdbBuilder(512) { WritePublicsStream = withList, Scatter = true };
        ushort text = pdb.Section(".text", 0x1000, 0x234);
        ushort data = pdb.Section(".data", 0x2000, 0x100, 0xc000_0040);
        ushort more = pdb.Section(".text2", 0x3000, 0x50);
        pdb.Public("_late@4", more, 0x10);
        pdb.Public("variable", data, 0x10, flags: 0);
        pdb.Public("thunk in data", data, 0x20, flags: 1);
        pdb.Public("label", text, 0x80, flags: 0);
        pdb.Public("intermediate", text, 0x90, flags: 2 | 8);
        pdb.Public("behind the section", text, 0x234);
        pdb.Public("no section", 9, 0);
        pdb.Public("section zero", 0, 0);

        Assert.Equal(
            [(0x1080, 0x1234, "label"), (0x2020, 0x2100, "thunk in data"), (0x3010, 0x3050, "_late@4")],
            Symbols(pdb.Build()));
    }

    [Fact]
    public void Of_folded_functions_the_first_record_comes_last()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        pdb.Public("zeta", text, 0x10);
        pdb.Public("alpha", text, 0x10);
        pdb.Public("middle", text, 0x10);

        Assert.Equal(["middle", "alpha", "zeta"], Symbols(pdb.Build()).Select(symbol => symbol.Name));
    }

    [Fact]
    public void Records_that_the_list_does_not_name_were_removed()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        pdb.Public("kept", text, 0x10);
        pdb.SymbolRecord(0x110e, new ByteBuilder().U32(2).U32(0x20).U16(text).CString("removed").ToArray());

        Assert.Equal([(0x1010, 0x1100, "kept")], Symbols(pdb.Build()));
    }

    [Fact]
    public void A_list_is_not_longer_than_there_are_records()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x1000);
        pdb.Public("f", text, 0x10);
        var msf = pdb.BuildStreams();
        byte[] dbi = msf.Streams[3]!;
        int publics = BinaryPrimitives.ReadUInt16LittleEndian(dbi.AsSpan(16));
        byte[] list = [.. msf.Streams[publics]!, .. new byte[400]]; // names the first record a hundred times more
        BinaryPrimitives.WriteInt32LittleEndian(list.AsSpan(4), 404);
        msf.Stream(publics, list);
        using var file = new MemoryFileBytes(msf.Build());
        using var image = Formats.Pdb.PdbFormat.Open(file, ParseLimits.Default).Single();
        var symbols = image.OpenSymbols(new InternPool());

        Assert.True(symbols.TryReadNext(out _));
        Assert.False(symbols.TryReadNext(out _));
        Assert.Equal(MalformedReason.CountOverLimit, Assert.Single(image.Faults.First).Fault.Reason);
    }

    [Fact]
    public void Names_with_a_length_in_front_are_read()
    {
        var pdb = new PdbBuilder { WritePublicsStream = false };
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        pdb.SymbolRecord(0x1009, new ByteBuilder().U32(0).U32(0x20).U16(text).U8(3).Text("oldX").ToArray());

        Assert.Equal([(0x1020, 0x1100, "old")], Symbols(pdb.Build()));
    }

    [Theory]
    [InlineData(0xeffe_0000 + 19970605, 28)]
    [InlineData(0xeffe_0000 + 20140516, 32)]
    public void A_symbol_ends_with_the_contribution_that_it_is_in(uint version, int entryBytes)
    {
        var table = new ByteBuilder().U32(version);
        foreach (var (section, offset, size) in ((int, uint, uint)[])[(1, 0, 0x20), (1, 0x20, 0), (1, 0x40, 0x10), (1, 0x50, 0x40), (2, 0x10, 0x30)])
        {
            int start = table.Length;
            table.U16(section).U16(0).U32(offset).U32(size).PadTo(start + entryBytes);
        }

        var pdb = new PdbBuilder(512) { Contributions = table.ToArray(), Scatter = true };
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        ushort more = pdb.Section(".more", 0x2000, 0x20);
        pdb.Public("first", text, 0);
        pdb.Public("second in it", text, 0x10);
        pdb.Public("in none", text, 0x20);
        pdb.Public("third", text, 0x40);
        pdb.Public("folded", text, 0x58);
        pdb.Public("folded too", text, 0x58);
        pdb.Public("behind", text, 0x90);
        pdb.Public("beyond its section", more, 0x18);

        Assert.Equal(
            [
                (0x1000, 0x1020, "first"), (0x1010, 0x1020, "second in it"), (0x1020, 0x1100, "in none"), (0x1040, 0x1050, "third"),
                (0x1058, 0x1090, "folded too"), (0x1058, 0x1090, "folded"), (0x1090, 0x1100, "behind"), (0x2018, 0x2020, "beyond its section"),
            ],
            Symbols(pdb.Build()));
    }

    [Theory]
    [InlineData("00000000")]
    [InlineData("00")]
    [InlineData("2dba2ef1 0100 0000 50000000 10000000 00000000 00000000 00000000 00000000 0100 0000 00000000 ff000000 00000000 00000000 00000000 00000000")]
    [InlineData("2dba2ef1 0100 0000 00000000 ffffffff")]
    public void A_table_that_cannot_be_used_limits_nothing(string hex)
    {
        var pdb = new PdbBuilder { Contributions = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)) };
        ushort text = pdb.Section(".text", 0x1000, 0x100);
        pdb.Public("symbol", text, 0x70);

        Assert.Equal([(0x1070, 0x1100, "symbol")], Symbols(pdb.Build()));
    }

    internal static List<(int Address, int Limit, string Name)> Symbols(byte[] bytes)
    {
        using var file = new MemoryFileBytes(bytes);
        using var image = ObjectFormats.Open(file).Single();
        var names = new InternPool();
        var cursor = image.OpenSymbols(names);
        var found = new List<(int, int, string)>();
        while (cursor.TryReadNext(out var symbol))
        {
            Assert.Equal(0u, symbol.Size);
            found.Add(((int)symbol.Address, (int)symbol.Limit, Encoding.UTF8.GetString(names.Get(symbol.Name))));
        }

        return found;
    }
}
