using Symbolicator.Formats.Core;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Core;

public sealed class ByteReaderTests
{
    [Fact]
    public void Truncated_word_faults_at_its_own_offset()
    {
        var reader = new ByteReader([0x01, 0x02, 0x03], origin: 0x40);
        reader.ReadU8();
        Assert.Equal(0u, reader.ReadU32());
        Assert.Equal(new ParseFault(MalformedReason.Truncated, 0x41), reader.Fault);
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void The_first_fault_stays_and_later_reads_give_zero()
    {
        var reader = new ByteReader([0xff, 0xff]);
        reader.ReadU64();
        reader.Fail(MalformedReason.BadValue);

        Assert.Equal(0, reader.ReadU8());
        Assert.Equal(new ParseFault(MalformedReason.Truncated, 0), reader.Fault);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Integers_follow_the_byte_order(bool bigEndian)
    {
        byte[] bytes = new ByteBuilder(bigEndian).U8(1).U16(0x0203).U24(0x040506).U32(0x0708090a).U64(0x0b0c0d0e0f101112)
            .S8(-1).S16(-2).S32(-3).S64(-4).ToArray();
        var reader = new ByteReader(bytes, bigEndian);

        Assert.Equal(1, reader.ReadU8());
        Assert.Equal(0x0203, reader.ReadU16());
        Assert.Equal(0x040506u, reader.ReadU24());
        Assert.Equal(0x0708090au, reader.ReadU32());
        Assert.Equal(0x0b0c0d0e0f101112u, reader.ReadU64());
        Assert.Equal(-1, reader.ReadS8());
        Assert.Equal(-2, reader.ReadS16());
        Assert.Equal(-3, reader.ReadS32());
        Assert.Equal(-4, reader.ReadS64());
        Assert.True(reader.AtEnd && reader.Fault.IsNone);
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(127ul)]
    [InlineData(128ul)]
    [InlineData(624_485ul)]
    [InlineData(ulong.MaxValue)]
    public void Unsigned_leb128_comes_back_also_when_padded(ulong value)
    {
        byte[] bytes = new ByteBuilder().Uleb(value).Uleb(value, minimumLength: 14).ToArray();
        var reader = new ByteReader(bytes);

        Assert.Equal(value, reader.ReadUleb128());
        Assert.Equal(value, reader.ReadUleb128());
        Assert.True(reader.AtEnd && reader.Fault.IsNone);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(63L)]
    [InlineData(-64L)]
    [InlineData(64L)]
    [InlineData(-123_456L)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Signed_leb128_comes_back(long value)
    {
        var reader = new ByteReader(new ByteBuilder().Sleb(value).ToArray());

        Assert.Equal(value, reader.ReadSleb128());
        Assert.True(reader.AtEnd && reader.Fault.IsNone);
    }

    [Fact]
    public void Bits_beyond_64_are_a_fault()
    {
        var reader = new ByteReader([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]);

        Assert.Equal(0u, reader.ReadUleb128());
        Assert.Equal(MalformedReason.BadEncoding, reader.Fault.Reason);
    }

    [Theory]
    [InlineData(2u, 2, MalformedReason.None)]
    [InlineData(3u, 3, MalformedReason.Truncated)] // only 8 bytes follow
    [InlineData(3u, 2, MalformedReason.CountOverLimit)]
    [InlineData(uint.MaxValue, int.MaxValue, MalformedReason.CountOverLimit)]
    public void A_count_is_bounded_by_its_limit_and_by_the_bytes_left(uint count, int limit, MalformedReason reason)
    {
        var reader = new ByteReader(new ByteBuilder().U32(count).Zeros(8).ToArray());

        Assert.Equal(reason == MalformedReason.None ? (int)count : 0, reader.ReadCount(elementSize: 4, limit));
        Assert.Equal(new ParseFault(reason, 0), reader.Fault);
    }

    [Fact]
    public void Text_without_a_terminator_is_a_fault()
    {
        var reader = new ByteReader("ab\0cd"u8);

        Assert.True(reader.ReadCString().SequenceEqual("ab"u8));
        Assert.True(reader.ReadCString().IsEmpty);
        Assert.Equal(new ParseFault(MalformedReason.Truncated, 3), reader.Fault);
    }

    [Fact]
    public void Lengths_that_would_wrap_are_faults()
    {
        var reader = new ByteReader(new byte[4]);
        reader.Skip(ulong.MaxValue);
        Assert.Equal(MalformedReason.Truncated, reader.Fault.Reason);

        reader = new ByteReader(new byte[4]);
        reader.Seek(5);
        Assert.Equal(MalformedReason.OutOfRange, reader.Fault.Reason);
    }
}
