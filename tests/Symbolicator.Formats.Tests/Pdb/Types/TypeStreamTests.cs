using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb;
using Symbolicator.Formats.Pdb.Types;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb.Types;

public sealed class TypeStreamTests
{
    private const int HashStream = 5; // the first named stream
    private const ushort Text = 0x1605;

    private readonly FaultLog _faults = new();

    public static TheoryData<string> ListsThatLie => new("shifted", "wrong number", "inside a record", "one record too few", "one too many");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_record_is_found_by_the_list_of_the_file_and_without_it(bool withList)
    {
        var builder = Many(out string[] texts);
        byte[] list = builder.SkipList();
        using var types = Open(builder.Stream(withList ? HashStream : 0xffff, list.Length), list);

        CheckAll(types, texts);
        Assert.True(_faults.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(ListsThatLie))]
    public void A_list_that_lies_is_replaced(string how)
    {
        var builder = Many(out string[] texts);
        byte[] list = builder.SkipList();
        using var types = Open(builder.Stream(HashStream, list.Length), Spoil(list, how));

        CheckAll(types, texts);
        Assert.Equal(1, _faults.Total);
    }

    [Theory]
    [InlineData(4, 0xffff_ffffu)]
    [InlineData(8, 0u)] // the second entry does not follow the first
    [InlineData(0, 0x1001u)] // the first record has another number
    [InlineData(12, 0x00ff_ffffu)] // behind the end
    public void A_list_out_of_order_is_not_used(int at, uint value)
    {
        var builder = Many(out string[] texts);
        byte[] list = builder.SkipList();
        BitConverter.GetBytes(value).CopyTo(list, at);
        using var types = Open(builder.Stream(HashStream, list.Length), list);

        CheckAll(types, texts);
        Assert.True(_faults.IsEmpty);
    }

    [Fact]
    public void A_list_that_is_longer_than_its_stream_is_not_used()
    {
        var builder = Many(out string[] texts);
        using var types = Open(builder.Stream(HashStream, 0x7fff_fff8), builder.SkipList());

        CheckAll(types, texts);
    }

    [Fact]
    public void The_longest_record_may_end_a_piece()
    {
        var builder = new TypesBuilder();
        builder.Text("first");
        builder.Record(Text, new byte[65532]);
        builder.Text("last");
        byte[] list = builder.SkipList();
        using var types = Open(builder.Stream(HashStream, list.Length), list);

        Assert.True(types.TryGet(0x1001, out var record));
        Assert.Equal(65532, record.Data.Length);
        Assert.True(types.TryGet(0x1002, out record));
        Assert.Equal("last"u8, record.Text(4));
        Assert.True(_faults.IsEmpty);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0xfffu)]
    [InlineData(0x1002u)]
    [InlineData(uint.MaxValue)]
    public void Numbers_outside_are_not_found(uint number)
    {
        var builder = new TypesBuilder();
        builder.Text("a");
        builder.Text("b");
        using var types = Open(builder.Stream(), []);

        Assert.False(types.TryGet(number, out _));
        Assert.True(types.TryGet(0x1001, out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_record_without_a_kind_ends_the_stream(byte length)
    {
        var builder = new TypesBuilder();
        builder.Text("a");
        builder.Raw(length, 0, 0, 0);
        builder.Text("never");
        using var types = Open(builder.Stream(), []);

        Assert.True(types.TryGet(0x1000, out _));
        Assert.False(types.TryGet(0x1001, out _));
        Assert.False(types.TryGet(0x1002, out _));
        Assert.Equal(1, _faults.Total);
    }

    [Fact]
    public void Records_of_odd_length_are_read()
    {
        var builder = new TypesBuilder();
        builder.Raw(7, 0, 0x05, 0x16, 0, 0, 0, 0, 0);
        builder.Text("behind");
        using var types = Open(builder.Stream(), []);

        Assert.True(types.TryGet(0x1001, out var record));
        Assert.Equal("behind"u8, record.Text(4));
    }

    [Fact]
    public void A_header_that_promises_more_records_than_there_are_costs_nothing()
    {
        var builder = new TypesBuilder();
        builder.Text("only");
        using var types = Open(builder.Stream(count: int.MaxValue), []);

        Assert.True(types.TryGet(0x1000, out _));
        Assert.False(types.TryGet(0x7000_0000, out _));
        Assert.Equal(1, _faults.Total);
    }

    [Theory]
    [InlineData(0, 19970604u, MalformedReason.BadVersion)]
    [InlineData(0, uint.MaxValue, MalformedReason.BadVersion)]
    [InlineData(4, 20u, MalformedReason.BadValue)]
    [InlineData(4, uint.MaxValue, MalformedReason.BadValue)]
    [InlineData(8, 0xfffu, MalformedReason.BadValue)]
    [InlineData(12, 0u, MalformedReason.BadValue)]
    public void A_header_that_cannot_be_believed_makes_the_stream_empty(int at, uint value, MalformedReason reason)
    {
        var builder = new TypesBuilder();
        builder.Text("a");
        byte[] stream = builder.Stream();
        BitConverter.GetBytes(value).CopyTo(stream, at);
        using var types = Open(stream, []);

        Assert.True(types.IsEmpty);
        Assert.False(types.TryGet(0x1000, out _));
        Assert.Equal(reason, Assert.Single(_faults.First).Fault.Reason);
    }

    [Fact]
    public void The_list_is_bounded_by_the_records()
    {
        var builder = new TypesBuilder();
        builder.Text("a");
        var list = new ByteBuilder();
        for (uint i = 0; i < 100_000; i++)
        {
            list.U32(0x1000 + i).U32(i * 4);
        }

        byte[] bytes = list.ToArray();
        using var types = Open(builder.Stream(HashStream, bytes.Length, count: 1 << 20), bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.True(types.TryGet(0x1000, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 10);
    }

    private static TypesBuilder Many(out string[] texts)
    {
        var dice = new Random(7);
        texts = new string[2000];
        var builder = new TypesBuilder();
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = $"text {i} " + new string('x', dice.Next(60));
            builder.Text(texts[i]);
        }

        return builder;
    }

    private static byte[] Spoil(byte[] list, string how)
    {
        const int Entry = 3 * 8;
        uint number = BitConverter.ToUInt32(list, Entry);
        uint offset = BitConverter.ToUInt32(list, Entry + 4);
        (number, offset) = how switch
        {
            "shifted" => (number + 1, offset),
            "wrong number" => (number - 5, offset),
            "inside a record" => (number, offset + 4),
            "one record too few" => (number - 1, offset - 2),
            _ => (number + 1, offset + 2),
        };
        byte[] spoilt = [.. list];
        BitConverter.GetBytes(number).CopyTo(spoilt, Entry);
        BitConverter.GetBytes(offset).CopyTo(spoilt, Entry + 4);
        return spoilt;
    }

    private static void CheckAll(TypeStream types, string[] texts)
    {
        int[] order = [.. Enumerable.Range(0, texts.Length)];
        new Random(3).Shuffle(order);
        foreach (int i in order)
        {
            Assert.True(types.TryGet(TypesBuilder.First + (uint)i, out var record));
            Assert.Equal(Text, record.Kind);
            Assert.Equal(texts[i], System.Text.Encoding.UTF8.GetString(record.Text(4)));
        }

        Assert.False(types.TryGet(TypesBuilder.First + (uint)texts.Length, out _));
    }

    private TypeStream Open(byte[] stream, byte[] list)
    {
        var builder = new PdbBuilder(512) { Types = stream, Scatter = true };
        builder.NamedStream("hashes", list);
        var file = new MemoryFileBytes(builder.Build());
        return TypeStream.Open(PdbFile.Open(file, ParseLimits.Default, new FaultLog()).Msf, PdbStreams.Types, _faults, "types");
    }
}
