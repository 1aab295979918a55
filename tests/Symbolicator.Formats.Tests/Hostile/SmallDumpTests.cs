using Symbolicator.Formats.Core;
using Symbolicator.Formats.Tests.Minidump;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Hostile;

public sealed class SmallDumpTests
{
    /// <summary>Such dumps made other readers reserve gigabytes for the list that the directory promises.</summary>
    [Theory]
    [InlineData(3u)]
    [InlineData(4u)]
    [InlineData(5u)]
    [InlineData(7u)]
    [InlineData(9u)]
    [InlineData(16u)]
    [InlineData(24u)]
    public void Forty_four_bytes_do_not_reserve_memory(uint stream)
    {
        foreach (uint size in (uint[])[0, 4, 44, 0x7fff_ffff, uint.MaxValue])
        {
            byte[] bytes = new ByteBuilder().Text("MDMP").U32(0xa793).U32(1).U32(32).U32(0).U32(0).U64(0)
                .U32(stream).U32(size).U32(0).ToArray();
            Assert.Equal(44, bytes.Length);
            long before = GC.GetAllocatedBytesForCurrentThread();

            MinidumpFileTests.Refused(bytes);

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
        }
    }

    [Theory]
    [InlineData(0)] // MinidumpRVAList
    [InlineData(1)] // MinidumpSimpleStringDictionary
    [InlineData(2)] // MinidumpAnnotationList
    public void Lists_of_damaged_texts_that_modules_share_are_charged(int list)
    {
        const uint Modules = 1000, Entries = 1000;
        var builder = MinidumpBuilder.Minimal();
        builder.Stream(0x4350_0001, b =>
        {
            b.U32(1).Zeros(32).U32(0).U32(0);
            string shared = builder.Behind(x =>
            {
                x.U32(Entries);
                for (int i = 0; i < Entries; i++)
                {
                    _ = list switch
                    {
                        0 => x.U32(0xffff_fff0),
                        1 => x.U32(0xffff_fff0).U32(0xffff_fff0),
                        _ => x.U32(0xffff_fff0).U16(1).U16(0).U32(0xffff_fff0),
                    };
                }
            });
            string module = builder.Behind(x =>
            {
                x.U32(1);
                for (int i = 0; i < 3; i++)
                {
                    _ = i == list ? x.U32(4 + (Entries * 12)).Ref(shared) : x.U32(0).U32(0);
                }

                x.Zeros((int)Entries * 12);
            });
            builder.Locate(b, x =>
            {
                x.U32(Modules);
                for (uint i = 0; i < Modules; i++)
                {
                    x.U32(i).U32(28).Ref(module);
                }
            });
        });
        using var dump = MinidumpFileTests.Open(builder, new ParseLimits { MinidumpTextBytes = 100_000 });

        Assert.NotNull(dump.Crashpad);
        Assert.InRange(dump.Faults.Total, 1000, 10_000);
    }
}
