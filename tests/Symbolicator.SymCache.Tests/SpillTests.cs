using Symbolicator.SymCache.Build;

namespace Symbolicator.SymCache.Tests;

public sealed class SpillTests
{
    [Fact]
    public void What_was_written_is_read_back_from_the_file_from_memory_and_across_both()
    {
        byte[] written = new byte[(3 * Spill.BufferBytes) + 12_345];
        new Random(1).NextBytes(written);
        using var spill = new Spill(Path.GetTempPath());
        for (int at = 0; at < written.Length; at += 1000)
        {
            spill.Append(written.AsSpan(at, Math.Min(1000, written.Length - at)));
        }

        Assert.Equal(written.Length, spill.Length);
        for (int at = 0; at < written.Length; at += 9973)
        {
            byte[] read = new byte[Math.Min(20_000, written.Length - at)];
            spill.Read(at, read);
            Assert.True(written.AsSpan(at, read.Length).SequenceEqual(read), $"at {at}");
        }

        using var copy = new MemoryStream();
        spill.CopyTo(copy);
        Assert.Equal(written, copy.ToArray());
    }
}
