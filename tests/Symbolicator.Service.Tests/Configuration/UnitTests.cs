using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Tests.Configuration;

public sealed class UnitTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("200ms", 200)]
    [InlineData("90s", 90_000)]
    [InlineData("1h 30m", 5_400_000)]
    [InlineData("1h30min", 5_400_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("2 weeks", 0, false)]
    [InlineData("2weeks", 1_209_600_000)]
    [InlineData("", 0, false)]
    [InlineData("5", 0, false)]
    [InlineData("s", 0, false)]
    [InlineData("-5s", 0, false)]
    [InlineData("1.5s", 0, false)]
    [InlineData("5 fortnights", 0, false)]
    [InlineData("99999999999999999999s", 0, false)]
    [InlineData("999999999999999w", 0, false)]
    public void Durations_are_read_as_people_write_them(string text, long milliseconds, bool valid = true)
    {
        Assert.Equal(valid, HumanDuration.TryParse(text, out var duration));
        Assert.Equal(milliseconds, valid ? (long)duration.TotalMilliseconds : 0);
    }

    [Theory]
    [InlineData(200, "200ms")]
    [InlineData(10_000, "10s")]
    [InlineData(90_000, "90s")]
    [InlineData(300_000, "5m")]
    [InlineData(7_200_000, "2h")]
    public void Durations_are_written_in_their_largest_whole_unit(long milliseconds, string expected)
    {
        Assert.Equal(expected, HumanDuration.Format(TimeSpan.FromMilliseconds(milliseconds)));
    }

    [Theory]
    [InlineData("1048576", 1_048_576)]
    [InlineData("55 MiB", 57_671_680)]
    [InlineData("55mib", 57_671_680)]
    [InlineData("15GiB", 16_106_127_360)]
    [InlineData("1KB", 1000)]
    [InlineData("1.5 KiB", 1536)]
    [InlineData("8 B", 8)]
    [InlineData("", 0, false)]
    [InlineData("MiB", 0, false)]
    [InlineData("-1", 0, false)]
    [InlineData("5 bananas", 0, false)]
    [InlineData("99999999999999999999999999999999", 0, false)]
    [InlineData("9999999 TiB", 0, false)]
    public void Sizes_are_read_as_people_write_them(string text, long bytes, bool valid = true)
    {
        Assert.Equal(valid, ByteSize.TryParse(text, out long actual));
        Assert.Equal(bytes, actual);
    }
}
