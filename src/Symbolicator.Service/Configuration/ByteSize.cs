using System.Globalization;

namespace Symbolicator.Service.Configuration;

/// <summary>
/// Sizes as people write them: a number of bytes, or a number and a unit. KiB, MiB, GiB, TiB (also K, M, G, T) count
/// in 1024s; KB, MB, GB, TB in 1000s.
/// </summary>
internal static class ByteSize
{
    private static readonly (string Name, decimal Bytes)[] Units =
    [
        ("", 1), ("B", 1),
        ("K", 1L << 10), ("KiB", 1L << 10), ("KB", 1_000),
        ("M", 1L << 20), ("MiB", 1L << 20), ("MB", 1_000_000),
        ("G", 1L << 30), ("GiB", 1L << 30), ("GB", 1_000_000_000),
        ("T", 1L << 40), ("TiB", 1L << 40), ("TB", 1_000_000_000_000),
    ];

    public static bool TryParse(ReadOnlySpan<char> text, out long bytes)
    {
        bytes = 0;
        text = text.Trim();
        int number = text.LastIndexOfAnyInRange('0', '9') + 1;
        var unit = text[number..].Trim();
        if (!decimal.TryParse(text[..number], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            || value > long.MaxValue)
        {
            return false;
        }

        foreach (var (name, factor) in Units)
        {
            if (unit.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                decimal total = Math.Floor(value * factor);
                bytes = total <= long.MaxValue ? (long)total : 0;
                return total <= long.MaxValue;
            }
        }

        return false;
    }

    /// <summary>For people: <c>55 MiB</c>, <c>1048577 bytes</c>.</summary>
    public static string Format(long bytes)
    {
        (string name, long unit) = bytes switch
        {
            >= 1L << 30 => ("GiB", 1L << 30),
            >= 1L << 20 => ("MiB", 1L << 20),
            >= 1L << 10 => ("KiB", 1L << 10),
            _ => ("bytes", 1L),
        };
        return bytes % unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes / unit} {name}")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
    }
}
