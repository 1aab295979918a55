namespace Symbolicator.Formats.Archives;

/// <summary>Compressions that are told apart by their first bytes.</summary>
public enum CompressionKind : byte
{
    None,
    Zstd,
    Gzip,
    Zlib,
    Zip,
    Xz,
    Cab,

    /// <summary>Raw deflate, which nothing marks: the container says so.</summary>
    Deflate,
}
