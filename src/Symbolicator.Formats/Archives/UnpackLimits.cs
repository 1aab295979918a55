namespace Symbolicator.Formats.Archives;

/// <summary>Bounds on unpacking one downloaded file.</summary>
public sealed record UnpackLimits
{
    /// <summary>Bytes that may come out.</summary>
    public long Bytes { get => field; init => field = Positive(value); } = 8L << 30;

    /// <summary>Bytes out per byte in; outputs below 64 MiB are exempt, because runs of zeros compress without bound.</summary>
    public int Ratio { get => field; init => field = (int)Positive(value); } = 1032;

    /// <summary>Logarithm of the largest zstd window.</summary>
    public int ZstdWindowLog { get => field; init => field = (int)Positive(value); } = Zstd.DefaultWindowLog;

    /// <summary>Bytes of memory that the xz decoder may take.</summary>
    public long XzMemory { get => field; init => field = Positive(value); } = Xz.DefaultMemory;

    private static long Positive(long value) =>
        value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "a limit is positive");
}
