using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb;

public sealed class MsfFileTests
{
    public static TheoryData<int> BlockSizes => [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

    [Theory]
    [MemberData(nameof(BlockSizes))]
    public void Streams_read_back_at_every_block_size(int blockSize)
    {
        byte[] small = Pattern(1, 10);
        byte[] large = Pattern(2, (3 * blockSize) + 17);
        foreach (bool scatter in (bool[])[false, true])
        {
            var builder = new MsfBuilder(blockSize) { Scatter = scatter };
            builder.Stream([]);
            builder.Stream(small);
            builder.Stream(null);
            builder.Stream(large);

            var msf = Open(builder.Build(), out var faults);

            Assert.Equal(blockSize, msf.BlockSize);
            Assert.Equal(4, msf.StreamCount);
            Assert.Equal(0, msf.LengthOf(2));
            Assert.Equal(small, ReadAll(msf.Open(1)));
            Assert.Equal(large, ReadAll(msf.Open(3)));
            Assert.True(msf.Open(2).IsEmpty);
            Assert.True(faults.IsEmpty);
        }
    }

    [Fact]
    public void An_empty_piece_behind_the_last_whole_block_is_read()
    {
        var builder = new MsfBuilder(512);
        builder.Stream(Pattern(1, 1024));
        var stream = Open(builder.Build(), out _).Open(0);
        using var reader = new MsfReader(stream);

        Assert.True(reader.TryRead(1024, 0, out var bytes));
        Assert.True(bytes.IsEmpty);
        Assert.False(stream.TryView(1024, 0, out _));
    }

    [Fact]
    public void Streams_that_16_bits_cannot_number_are_left_out()
    {
        var builder = new MsfBuilder(65536);
        builder.Stream(Pattern(1, 100));
        builder.Stream(70_000, Pattern(2, 100));
        var msf = Open(builder.Build(), out var faults);

        Assert.Equal(0xffff, msf.StreamCount);
        Assert.Equal(Pattern(1, 100), ReadAll(msf.Open(0)));
        Assert.Equal(0, msf.LengthOf(70_000));
        Assert.Equal(MalformedReason.CountOverLimit, Assert.Single(faults.First).Fault.Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_directory_over_several_blocks_is_followed(bool scatter)
    {
        // 512 / 4 numbers fill a block: 600 streams need five blocks for sizes, and as many for their blocks.
        var builder = new MsfBuilder(512) { Scatter = scatter };
        for (int i = 0; i < 600; i++)
        {
            builder.Stream(Pattern(i, i % 700));
        }

        var msf = Open(builder.Build(), out _);

        Assert.Equal(600, msf.StreamCount);
        for (int i = 0; i < 600; i++)
        {
            Assert.Equal(Pattern(i, i % 700), ReadAll(msf.Open(i)));
        }
    }

    [Theory]
    [InlineData(512, 512)]
    [InlineData(65536, 65536)]
    public void Blocks_at_the_edge_of_free_block_maps_are_followed(int blockSize, int firstBlock)
    {
        var builder = new MsfBuilder(blockSize) { FirstBlock = firstBlock };
        byte[] content = Pattern(3, 5 * blockSize);
        builder.Stream(content);
        var pieces = builder.BuildPieces();

        var msf = MsfFile.Open(new SparseFileBytes(pieces[^1].Offset + blockSize, pieces), new FaultLog());

        Assert.DoesNotContain(pieces, piece => piece.Offset / blockSize % blockSize is 1 or 2);
        Assert.Equal(content, ReadAll(msf.Open(0)));
        Assert.False(msf.Open(0).TryView(0, content.Length, out _)); // the maps lie between its blocks
    }

    [Theory]
    [InlineData(4096, 3)]
    [InlineData(65536, 1_000_000)]
    public void Streams_beyond_four_gigabytes_are_read_block_by_block(int blockSize, int firstBlock)
    {
        const int Streams = 3;
        var builder = new MsfBuilder(blockSize) { FirstBlock = Math.Max(firstBlock, (int)((5L << 30) / blockSize)), Scatter = true };
        for (int i = 0; i < Streams; i++)
        {
            builder.Stream(Pattern(i, (7 * blockSize) + i));
        }

        var pieces = builder.BuildPieces();
        var file = new SparseFileBytes(pieces[^1].Offset + blockSize, pieces);
        var msf = MsfFile.Open(file, new FaultLog());

        Assert.True(file.Length > 5L << 30);
        for (int i = 0; i < Streams; i++)
        {
            Assert.Equal(Pattern(i, (7 * blockSize) + i), ReadAll(msf.Open(i)));
            Assert.True(msf.Open(i).FileOffsetOf(0) >= 5L << 30);
        }

        Assert.True(file.LongestView <= 7 * blockSize);
    }

    [Fact]
    public void A_reader_gives_the_same_bytes_from_views_and_from_copies()
    {
        byte[] content = Pattern(5, 10_000);
        foreach (bool scatter in (bool[])[false, true])
        {
            var builder = new MsfBuilder(512) { Scatter = scatter };
            builder.Stream(content);
            using var reader = new MsfReader(Open(builder.Build(), out _).Open(0));
            for (int offset = 0; offset < content.Length; offset += 97)
            {
                int length = Math.Min(1 + (offset % 1700), content.Length - offset);
                Assert.True(reader.TryRead(offset, length, out var bytes));
                Assert.Equal(content.AsSpan(offset, length), bytes);
            }

            Assert.True(reader.TryRead(content.Length, 0, out _));
            Assert.False(reader.TryRead(content.Length, 1, out _));
            Assert.False(reader.TryRead(0, content.Length + 1, out _));
            Assert.False(reader.TryRead(-1, 1, out _));
            Assert.False(reader.TryRead(0, -1, out _));
            Assert.False(reader.TryReadU16(content.Length - 1, out _));
            Assert.False(reader.TryReadU32(content.Length - 3, out _));
        }
    }

    [Fact]
    public void Texts_end_at_their_nul_within_the_limit()
    {
        var builder = new MsfBuilder(512) { Scatter = true };
        builder.Stream([.. "first\0"u8, .. new byte[1500].Select(_ => (byte)'x'), 0, .. "open"u8]);
        using var reader = new MsfReader(Open(builder.Build(), out _).Open(0));

        Assert.True(reader.TryReadCString(0, 5, out var text));
        Assert.Equal("first"u8, text);
        Assert.False(reader.TryReadCString(0, 4, out _));
        Assert.True(reader.TryReadCString(6, 1500, out text));
        Assert.Equal(1500, text.Length);
        Assert.False(reader.TryReadCString(6, 1499, out _));
        Assert.False(reader.TryReadCString(1507, 100, out _));
        Assert.False(reader.TryReadCString(reader.Length, 100, out _));
    }

    [Theory]
    [InlineData(256)]
    [InlineData(1000)]
    [InlineData(131072)]
    [InlineData(-1)]
    public void Other_block_sizes_are_refused(int blockSize)
    {
        byte[] file = Sound();
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(32), blockSize);
        Assert.Equal((MalformedReason.BadValue, 32L), FaultOf(file));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void A_directory_smaller_than_its_count_or_larger_than_the_file_is_refused(int bytes)
    {
        byte[] file = Sound();
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(44), bytes);
        Assert.Equal((MalformedReason.BadValue, 44L), FaultOf(file));
    }

    [Fact]
    public void A_directory_in_blocks_that_do_not_exist_is_refused()
    {
        byte[] file = Sound();
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(52), 0x1000);
        Assert.Equal((MalformedReason.OutOfRange, 52L), FaultOf(file));
    }

    [Fact]
    public void More_streams_than_the_directory_has_room_for_are_refused()
    {
        byte[] file = Sound();
        int directory = DirectoryOf(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(directory), 0x7fff_ffff);
        Assert.Equal((MalformedReason.CountOverLimit, (long)directory), FaultOf(file));
    }

    [Fact]
    public void A_stream_larger_than_the_file_ends_the_directory()
    {
        byte[] file = Sound();
        int directory = DirectoryOf(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(directory + 8), 0xffff_fff0);

        var msf = Open(file, out var faults);

        Assert.Equal(10, msf.LengthOf(0));
        Assert.Equal(0, msf.LengthOf(1));
        Assert.Equal(0, msf.LengthOf(2));
        Assert.Equal(1, faults.Total);
    }

    [Fact]
    public void A_block_outside_of_the_file_costs_what_lies_in_it()
    {
        byte[] file = Sound();
        int directory = DirectoryOf(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(directory + 4 + 12 + 4), 0xffff_ffff); // first block of stream 1
        var stream = Open(file, out _).Open(1);

        Assert.False(stream.TryRead(0, new byte[1]));
        Assert.False(stream.TryView(0, 600, out _));
        byte[] second = new byte[100];
        Assert.True(stream.TryRead(512, second));
        Assert.Equal(Pattern(2, 1000)[512..612], second);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    public void Streams_that_do_not_exist_are_empty(int stream)
    {
        var msf = Open(Sound(), out _);
        Assert.Equal(0, msf.LengthOf(stream));
        Assert.True(msf.Open(stream).IsEmpty);
    }

    /// <summary>Three streams in a file of 512-byte blocks: 10, 1000 and 20 bytes.</summary>
    private static byte[] Sound()
    {
        var builder = new MsfBuilder(512);
        builder.Stream(Pattern(1, 10));
        builder.Stream(Pattern(2, 1000));
        builder.Stream(Pattern(3, 20));
        return builder.Build();
    }

    private static int DirectoryOf(byte[] file)
    {
        int list = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(52)) * 512;
        return BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(list)) * 512;
    }

    private static (MalformedReason Reason, long Offset) FaultOf(byte[] file)
    {
        var fault = Assert.Throws<MalformedFileException>(() => Open(file, out _)).Fault;
        return (fault.Reason, fault.Offset);
    }

    internal static byte[] Pattern(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static byte[] ReadAll(MsfStream stream)
    {
        byte[] bytes = new byte[stream.Length];
        Assert.True(stream.TryRead(0, bytes));
        return bytes;
    }

    internal static MsfFile Open(byte[] bytes, out FaultLog faults)
    {
        faults = new FaultLog();
        return MsfFile.Open(new MemoryFileBytes(bytes), faults);
    }
}
