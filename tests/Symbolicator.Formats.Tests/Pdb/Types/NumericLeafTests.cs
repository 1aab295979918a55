using Symbolicator.Formats.Pdb.Types;

namespace Symbolicator.Formats.Tests.Pdb.Types;

public sealed class NumericLeafTests
{
    /// <summary>Kinds of the CodeView specification with the bytes that their values take.</summary>
    public static TheoryData<int, int> Sizes => new()
    {
        { 0x8000, 1 }, { 0x8001, 2 }, { 0x8002, 2 }, { 0x8003, 4 }, { 0x8004, 4 }, { 0x8005, 4 }, { 0x8006, 8 }, { 0x8007, 10 },
        { 0x8008, 16 }, { 0x8009, 8 }, { 0x800a, 8 }, { 0x800b, 6 }, { 0x800c, 8 }, { 0x800d, 16 }, { 0x800e, 20 }, { 0x800f, 32 },
        { 0x8017, 16 }, { 0x8018, 16 }, { 0x8019, 16 }, { 0x801a, 8 }, { 0x801c, 2 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Each_kind_is_skipped_by_its_size_and_not_past_the_end(int kind, int size)
    {
        byte[] data = [(byte)kind, (byte)(kind >> 8), .. Enumerable.Repeat((byte)1, size)];

        Assert.True(NumericLeaf.TryRead([.. data, 0xff], out int length, out _));
        Assert.Equal(2 + size, length);
        Assert.True(NumericLeaf.TryRead(data, out length, out _));
        Assert.Equal(2 + size, length);
        Assert.False(NumericLeaf.TryRead(data.AsSpan(0, data.Length - 1), out _, out _));
    }

    [Fact]
    public void Integers_have_their_value()
    {
        Assert.Equal(0x7fffu, Value(0xff, 0x7f));
        Assert.Equal(0xfeu, Value(0x00, 0x80, 0xfe));
        Assert.Equal(0x8001u, Value(0x02, 0x80, 0x01, 0x80));
        Assert.Equal(0x8000_0001u, Value(0x04, 0x80, 1, 0, 0, 0x80));
        Assert.Equal(0x0102_0304_0506_0708u, Value(0x0a, 0x80, 8, 7, 6, 5, 4, 3, 2, 1));
        Assert.Equal(0u, Value(0x06, 0x80, 8, 7, 6, 5, 4, 3, 2, 1)); // a double
    }

    [Fact]
    public void Texts_are_skipped_by_their_length_or_end()
    {
        Assert.Equal(7, Length(0x10, 0x80, 3, 0, 1, 2, 3, 4));
        Assert.Equal(5, Length(0x1b, 0x80, 65, 66, 0, 67));
        Assert.False(NumericLeaf.TryRead([0x10, 0x80, 4, 0, 1, 2, 3], out _, out _));
        Assert.False(NumericLeaf.TryRead([0x10, 0x80, 4], out _, out _));
        Assert.False(NumericLeaf.TryRead([0x1b, 0x80, 65, 66], out _, out _));
    }

    [Theory]
    [InlineData(0x8011)]
    [InlineData(0x801d)]
    [InlineData(0xffff)]
    public void Kinds_that_are_not_defined_cannot_be_skipped(int kind) =>
        Assert.False(NumericLeaf.TryRead([(byte)kind, (byte)(kind >> 8), 0, 0, 0, 0, 0, 0, 0, 0], out _, out _));

    [Fact]
    public void Less_than_two_bytes_are_nothing()
    {
        Assert.False(NumericLeaf.TryRead([], out _, out _));
        Assert.False(NumericLeaf.TryRead([1], out _, out _));
    }

    private static ulong Value(params byte[] data)
    {
        Assert.True(NumericLeaf.TryRead(data, out _, out ulong value));
        return value;
    }

    private static int Length(params byte[] data)
    {
        Assert.True(NumericLeaf.TryRead(data, out int length, out _));
        return length;
    }
}
