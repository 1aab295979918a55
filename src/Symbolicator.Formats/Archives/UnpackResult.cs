namespace Symbolicator.Formats.Archives;

/// <summary>How unpacking ended.</summary>
public enum UnpackStatus : byte
{
    /// <summary>The file is not compressed: nothing was written, it is to be used as it is.</summary>
    NotCompressed,

    /// <summary>The content was written.</summary>
    Unpacked,

    /// <summary>Corrupt or truncated; what was written is worthless.</summary>
    Malformed,

    /// <summary>More than the limits allow; what was written is worthless.</summary>
    TooLarge,

    /// <summary>Of a kind that is not unpacked here: several entries, encrypted, another method, a set of cabinets.</summary>
    Unsupported,
}

/// <summary>Result of <see cref="Unpacker"/>.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Compression">What the first bytes say.</param>
/// <param name="BytesIn">Bytes of the file.</param>
/// <param name="BytesOut">Bytes written.</param>
/// <param name="Detail">Why it failed, for people; never content of the file.</param>
public readonly record struct UnpackResult(
    UnpackStatus Status, CompressionKind Compression, long BytesIn, long BytesOut = 0, string? Detail = null);
