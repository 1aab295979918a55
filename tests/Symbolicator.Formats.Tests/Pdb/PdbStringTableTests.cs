using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb;
using Symbolicator.Formats.Pdb.Msf;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb;

public sealed class PdbStringTableTests
{
    [Fact]
    public void Texts_without_an_end_are_searched_only_so_often()
    {
        const int Size = 300_000;
        byte[] filler = new byte[Size];
        filler.AsSpan().Fill((byte)'x');
        var builder = new MsfBuilder();
        builder.Stream(new ByteBuilder().U32(0xeffe_effe).U32(1).U32(Size).CString("first").Bytes(filler).ToArray());
        using var file = new MemoryFileBytes(builder.Build());
        var faults = new FaultLog();
        using var table = PdbStringTable.Open(MsfFile.Open(file, faults).Open(0), ParseLimits.Default, faults);

        Assert.True(table.TryGet(0, out var text));
        Assert.Equal("first"u8.ToArray(), text.ToArray());
        for (uint i = 0; i < 1000; i++)
        {
            Assert.False(table.TryGet(6 + i, out _));
        }

        Assert.False(table.TryGet(0, out _));
        Assert.Equal(MalformedReason.StepsOverLimit, Assert.Single(faults.First).Fault.Reason);
    }
}
