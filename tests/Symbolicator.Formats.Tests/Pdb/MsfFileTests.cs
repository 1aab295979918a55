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
