using System.Globalization;

namespace Symbolicator.Service.Configuration;

/// <summary>Durations as people write them: <c>90s</c>, <c>1h 30m</c>, <c>7d</c>, <c>200ms</c>. A bare <c>0</c> is zero.</summary>
internal static class HumanDuration
{
    // Ten years of anything is a typing error, and keeps every sum far from overflow.
    private const double MaxTicks = 3650.0 * TimeSpan.TicksPerDay;

    private static readonly (string Name, double Ticks)[] Units =
    [
        ("ns", 0.01), ("nsec", 0.01),
        ("us", TimeSpan.TicksPerMicrosecond), ("usec", TimeSpan.TicksPerMicrosecond),
        ("ms", TimeSpan.TicksPerMillisecond), ("msec", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond), ("sec", TimeSpan.TicksPerSecond), ("secs", TimeSpan.TicksPerSecond),
        ("second", TimeSpan.TicksPerSecond), ("seconds", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute), ("min", TimeSpan.TicksPerMinute), ("mins", TimeSpan.TicksPerMinute),
        ("minute", TimeSpan.TicksPerMinute), ("minutes", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour), ("hr", TimeSpan.TicksPerHour), ("hrs", TimeSpan.TicksPerHour),
        ("hour", TimeSpan.TicksPerHour), ("hours", TimeSpan.TicksPerHour),
        ("d", TimeSpan.TicksPerDay), ("day", TimeSpan.TicksPerDay), ("days", TimeSpan.TicksPerDay),
        ("w", 7.0 * TimeSpan.TicksPerDay), ("week", 7.0 * TimeSpan.TicksPerDay), ("weeks", 7.0 * TimeSpan.TicksPerDay),
    ];

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        text = text.Trim();
        if (text is "0")
        {
            return true;
        }

        double ticks = 0;
        bool any = false;
        while (!text.IsEmpty)
        {
            int digits = CountWhile(text, char.IsAsciiDigit);
            int letters = CountWhile(text[digits..], char.IsAsciiLetter);
            if (digits is 0 or > 15 || letters == 0 || !TryFindUnit(text.Slice(digits, letters), out double unit))
            {
                return false;
            }

            ticks += long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture) * unit;
            if (ticks > MaxTicks)
            {
                return false;
            }

            any = true;
            text = text[(digits + letters)..].TrimStart();
        }

        duration = TimeSpan.FromTicks((long)ticks);
        return any;
    }

    /// <summary>The largest unit that needs no fraction: <c>200ms</c>, <c>90s</c>, <c>5m</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        (long unit, string name) = duration.Ticks switch
        {
            var t when t >= TimeSpan.TicksPerHour && t % TimeSpan.TicksPerHour == 0 => (TimeSpan.TicksPerHour, "h"),
            var t when t >= TimeSpan.TicksPerMinute && t % TimeSpan.TicksPerMinute == 0 => (TimeSpan.TicksPerMinute, "m"),
            var t when t >= TimeSpan.TicksPerSecond && t % TimeSpan.TicksPerSecond == 0 => (TimeSpan.TicksPerSecond, "s"),
            _ => (TimeSpan.TicksPerMillisecond, "ms"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / unit}{name}");
    }

    private static int CountWhile(ReadOnlySpan<char> text, Func<char, bool> holds)
    {
        int count = 0;
        while (count < text.Length && holds(text[count]))
        {
            count++;
        }

        return count;
    }

    private static bool TryFindUnit(ReadOnlySpan<char> name, out double ticks)
    {
        foreach (var (unit, value) in Units)
        {
            if (name.SequenceEqual(unit))
            {
                ticks = value;
                return true;
            }
        }

        ticks = 0;
        return false;
    }
}
