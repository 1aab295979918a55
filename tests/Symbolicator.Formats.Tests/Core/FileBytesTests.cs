using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Tests.Core;

public sealed class FileBytesTests
{
    [Fact]
    public void A_mapping_shows_the_file_until_its_last_lease_is_given_back()
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, [1, 2, 3, 4]);
        var file = MappedFileBytes.Open(path);
        File.Delete(path);
        var second = file.Retain();
        file.Dispose();

        Assert.True(second.TrySlice(new ByteRange(1, 2), out var bytes));
        Assert.True(bytes.SequenceEqual((ReadOnlySpan<byte>)[2, 3]));
        second.Dispose();
        Assert.False(second.TryRetain());
    }

    [Fact]
    public void An_empty_file_can_be_mapped()
    {
        string path = Path.GetTempFileName();
        using var file = MappedFileBytes.Open(path);
        File.Delete(path);

        Assert.Equal(0, file.Length);
        Assert.True(file.TrySlice(file.All, out var bytes));
        Assert.True(bytes.IsEmpty);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(0, 5)]
    [InlineData(4, 1)]
    [InlineData(5, 0)]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MaxValue, 1)]
    public void A_range_outside_is_refused(long offset, long length)
    {
        using var file = new MemoryFileBytes(new byte[4]);
        Assert.False(file.TrySlice(new ByteRange(offset, length), out _));
    }

    [Theory]
    [InlineData(0ul, 10ul, true)]
    [InlineData(10ul, 0ul, true)]
    [InlineData(10ul, 1ul, false)]
    [InlineData(11ul, 0ul, false)]
    [InlineData(1ul, ulong.MaxValue, false)]
    [InlineData(ulong.MaxValue, 2ul, false)]
    public void Slices_of_a_range_neither_escape_nor_wrap(ulong offset, ulong length, bool inside)
    {
        Assert.Equal(inside, new ByteRange(100, 10).TrySlice(offset, length, out var slice));
        Assert.Equal(inside ? new ByteRange(100 + (long)offset, (long)length) : default, slice);
    }

    [Fact]
    public void A_log_keeps_the_first_faults_and_counts_all()
    {
        var log = new FaultLog();
        for (int i = 0; i < 100; i++)
        {
            log.Add(new ParseFault(MalformedReason.BadValue, i), "record");
        }

        Assert.Equal(100, log.Total);
        Assert.Equal(Enumerable.Range(0, FaultLog.Kept).Select(i => (long)i), log.First.Select(e => e.Fault.Offset));
    }

    [Fact]
    public void A_range_can_be_replaced_by_its_own_slice()
    {
        var range = new ByteRange(100, 10);

        Assert.True(range.TrySlice(2, 8, out range));
        Assert.Equal(new ByteRange(102, 8), range);
    }
}
