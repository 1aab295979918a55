using Symbolicator.Formats.Archives;

namespace Symbolicator.Formats.Tests.Archives;

/// <summary>The small streams around the decoders.</summary>
public sealed class ArchiveStreamTests
{
    [Theory]
    [InlineData("", 1u)]
    [InlineData("Wikipedia", 0x11e60398u)] // the usual worked example of Adler-32
    public void Adler_checksum(string text, uint expected)
    {
        var stream = new Adler32Stream(Stream.Null);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
        Assert.Equal(expected, stream.Value);
    }

    [Fact]
    public void Checksums_do_not_depend_on_how_the_bytes_are_cut()
    {
        byte[] bytes = new byte[20_000];
        Array.Fill(bytes, (byte)0xff);
        var whole = new Adler32Stream(Stream.Null);
        var parts = new Adler32Stream(Stream.Null);
        whole.Write(bytes);
        uint crc = 0;
        for (int i = 0; i < bytes.Length; i += 7)
        {
            var part = bytes.AsSpan(i, Math.Min(7, bytes.Length - i));
            parts.Write(part);
            crc = Crc32.Append(crc, part);
        }

        Assert.Equal(whole.Value, parts.Value);
        Assert.Equal(Crc32.Append(0, bytes), crc);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(100)]
    public void The_last_bytes_are_held_back(int step)
    {
        byte[] bytes = [.. Enumerable.Range(0, 50).Select(i => (byte)i)];
        var target = new MemoryStream();
        var stream = new HoldBackStream(target, 4);
        for (int i = 0; i < bytes.Length; i += step)
        {
            stream.Write(bytes.AsSpan(i, Math.Min(step, bytes.Length - i)));
        }

        Assert.Equal(bytes[..^4], target.ToArray());
        Assert.Equal(bytes[^4..], stream.Tail.ToArray());
    }
}
