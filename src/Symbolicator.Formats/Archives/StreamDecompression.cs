namespace Symbolicator.Formats.Archives;

/// <summary>Decompression of streams for other layers, with the limits that hold for files.</summary>
public static class StreamDecompression
{
    /// <summary>
    /// Reads Zstandard frames one after the other; synchronous, forward only, does not dispose its input. Reading
    /// throws <see cref="InvalidDataException"/> for corrupt or truncated input.
    /// </summary>
    /// <exception cref="MissingLibraryException">libzstd is not installed.</exception>
    public static Stream OpenZstd(Stream input) => new Zstd(input);
}
