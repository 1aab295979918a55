using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Minidump;

public sealed class MinidumpMemoryTests
{
    [Fact]
    public void Regions_are_found_at_their_ends_and_not_behind()
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal()
            .Memory((0x2000, Bytes(0x20, 16)), (0x1000, Bytes(0x10, 16)), (ulong.MaxValue - 7, Bytes(0x30, 8))));
        Assert.Equal(3, dump.Memory.Regions.Count);
        Assert.Equal(0x13121110u, Word(dump.Memory, 0x1000));
        Assert.Equal(0x1f1e1d1cu, Word(dump.Memory, 0x100c));
        Assert.Null(Word(dump.Memory, 0x100d));
        Assert.Null(Word(dump.Memory, 0xffc));
        Assert.Equal(0x37363534u, Word(dump.Memory, ulong.MaxValue - 3));
        Assert.Null(Word(dump.Memory, ulong.MaxValue - 2));
        Assert.True(dump.Memory.TryFind(0x200f, out var region));
        Assert.Equal((0x2000UL, 16UL), (region.Address, region.Size));
        Assert.False(dump.Memory.TryFind(0x2010, out _));
    }

    [Fact]
    public void Adjacent_regions_are_read_as_one_and_overlaps_are_clipped()
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal()
            .Memory((0x1000, Bytes(0x10, 16)), (0x1008, Bytes(0xa0, 16)), (0x1004, Bytes(0xb0, 4))));
        Assert.Equal([(0x1000UL, 16UL), (0x1010UL, 8UL)], dump.Memory.Regions.Select(r => (r.Address, r.Size)));
        Assert.Equal(0xa9a81f1eu, Word(dump.Memory, 0x100e));
        Span<byte> all = stackalloc byte[24];
        Assert.True(dump.Memory.TryRead(0x1000, all));
        Assert.Equal(0xaf, all[23]);
        Assert.False(dump.Memory.TryRead(0x1001, all));
    }

    [Fact]
    public void The_list_of_all_memory_comes_before_the_other_and_the_stacks()
    {
        var builder = new MinidumpBuilder();
        builder.System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux)
            .Threads(new MinidumpBuilder.Thread(1, [], 0x1000, Bytes(0xc0, 16)), new MinidumpBuilder.Thread(2, [], 0x3000, Bytes(0xd0, 8)))
            .Memory((0x1000, Bytes(0xb0, 16)), (0x2000, Bytes(0xe0, 8)))
            .Memory64((0x1000, Bytes(0xa0, 8)), (0x1008, Bytes(0xa8, 8)));
        using var dump = MinidumpFileTests.Open(builder);
        Assert.Equal(0xa3a2a1a0u, Word(dump.Memory, 0x1000));
        Assert.Equal(0xabaaa9a8u, Word(dump.Memory, 0x1008));
        Assert.Equal(0xe3e2e1e0u, Word(dump.Memory, 0x2000));
        Assert.Equal(0xd3d2d1d0u, Word(dump.Memory, 0x3000));
    }

    [Fact]
    public void A_region_that_the_file_cuts_keeps_what_is_there()
    {
        byte[] bytes = MinidumpBuilder.Minimal().Memory((0x1000, Bytes(0x10, 64))).Build();
        using var dump = MinidumpFileTests.Open(bytes[..^60]);
        Assert.Equal(0x13121110u, Word(dump.Memory, 0x1000));
        Assert.Null(Word(dump.Memory, 0x1001));
        Assert.Equal(MalformedReason.Truncated, dump.Faults.First[0].Fault.Reason);
    }

    [Fact]
    public void Ranges_that_wrap_around_or_leave_the_file_are_skipped()
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal()
            .Stream(5, b => b.U32(3)
                .U64(ulong.MaxValue - 2).U32(8).U32(32) // wraps
                .U64(0x1000).U32(8).U32(0xffff_fff0) // leaves the file
                .U64(0x2000).U32(4).U32(0)) // the signature
            .Stream(9, b => b.U64(2).U64(0).U64(0x5000).U64(ulong.MaxValue).U64(0x3000).U64(8)));
        Assert.Equal(0x504d444du, Word(dump.Memory, 0x2000));
        Assert.Null(Word(dump.Memory, 0x1000));
        Assert.Null(Word(dump.Memory, 0x3000));
        Assert.False(dump.Faults.IsEmpty);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    [InlineData(16)]
    public void Odd_sizes_are_not_read(int size)
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal().Memory((0x1000, Bytes(1, 32))));
        Assert.False(dump.Memory.TryReadUnsigned(0x1000, size, out _));
    }

    [Fact]
    public void Random_layers_read_as_a_byte_by_byte_model_says()
    {
        var dice = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            var layers = Enumerable.Range(0, 2).Select(_ => RandomRegions(dice)).ToArray();
            using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal().Memory64(layers[0]).Memory(layers[1]));
            var model = new Dictionary<ulong, byte>();
            foreach (var layer in layers)
            {
                foreach (var (address, bytes) in layer.OrderBy(region => region.Address))
                {
                    for (int i = 0; i < bytes.Length; i++)
                    {
                        model.TryAdd(address + (ulong)i, bytes[i]);
                    }
                }
            }

            for (ulong address = 0x1000; address < 0x1060; address++)
            {
                bool held = dump.Memory.TryReadUnsigned(address, 1, out ulong value);
                Assert.Equal(model.TryGetValue(address, out byte expected), held);
                Assert.Equal(expected, value);
                Assert.Equal(
                    Enumerable.Range(0, 8).All(i => model.ContainsKey(address + (ulong)i)),
                    dump.Memory.TryReadUnsigned(address, 8, out _));
            }
        }
    }

    private static (ulong Address, byte[] Bytes)[] RandomRegions(Random dice)
    {
        var regions = new (ulong, byte[])[dice.Next(5)];
        for (int i = 0; i < regions.Length; i++)
        {
            byte[] bytes = new byte[dice.Next(1, 24)];
            dice.NextBytes(bytes);
            regions[i] = (0x1000UL + (ulong)dice.Next(64), bytes);
        }

        return regions;
    }

    private static ulong? Word(MinidumpMemory memory, ulong address) =>
        memory.TryReadUnsigned(address, 4, out ulong value) ? value : null;

    private static byte[] Bytes(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (byte)i)];
}
