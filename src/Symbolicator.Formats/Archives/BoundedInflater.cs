using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// Inflates a block whose size is declared in front of it (compressed sections). The declared size is held against
/// the limits before anything is allocated and against the stream afterwards, both ways. Up to
/// <see cref="MemoryBytes"/> go to memory, more into an unlinked temporary file that is mapped.
/// </summary>
internal static class BoundedInflater
{
    /// <summary>Largest block that is kept in managed memory.</summary>
    public const int MemoryBytes = 4 << 20;

    /// <summary>Blocks up to this size are exempt from the ratio: a page of zeros compresses without bound.</summary>
    public const int RatioExemptBytes = 1 << 20;

    /// <summary>Inflates; on failure the fault tells why, at an offset in the file.</summary>
    /// <param name="kind">Zlib, Deflate or Zstd.</param>
    /// <param name="compressed">The compressed bytes, without any header of the container.</param>
    /// <param name="declared">Bytes that must come out.</param>
    /// <param name="limits">See <see cref="ParseLimits.DecompressedSectionBytes"/> and <see cref="ParseLimits.DecompressionRatio"/>.</param>
    /// <param name="inflated">The bytes, to be disposed by the caller.</param>
    /// <exception cref="MissingLibraryException">libzstd is not installed.</exception>
    /// <exception cref="IOException">The temporary file cannot be written.</exception>
    public static ParseFault TryInflate(
        CompressionKind kind, Section compressed, ulong declared, ParseLimits limits, out FileBytes? inflated)
    {
        inflated = null;
        var damaged = new ParseFault(MalformedReason.BadCompression, compressed.Range.Offset);
        if (compressed.Bytes is null)
        {
            return damaged;
        }

        if (declared > (ulong)limits.DecompressedSectionBytes
            || (declared > RatioExemptBytes && declared / (ulong)limits.DecompressionRatio > (ulong)compressed.Length))
        {
            return damaged with { Reason = MalformedReason.SizeOverLimit };
        }

        using var input = new FileBytesStream(compressed.Bytes, compressed.Range);
        using Stream decoder = kind switch
        {
            CompressionKind.Zstd => new Zstd(input),
            CompressionKind.Deflate => new DeflateStream(input, CompressionMode.Decompress),
            _ => new ZLibStream(input, CompressionMode.Decompress),
        };
        inflated = declared <= MemoryBytes ? ToMemory(decoder, (int)declared) : ToFile(decoder, (long)declared);
        return inflated is null ? damaged : default;
    }

    private static MemoryFileBytes? ToMemory(Stream decoder, int declared)
    {
        byte[] bytes = new byte[declared];
        return TryFill(decoder, bytes) && IsAtEnd(decoder) ? new MemoryFileBytes(bytes) : null;
    }

    private static MappedFileBytes? ToFile(Stream decoder, long declared)
    {
        var file = OpenUnlinked();
        try
        {
            byte[] buffer = new byte[1 << 20];
            for (long written = 0; written < declared;)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, declared - written));
                if (!TryFill(decoder, part))
                {
                    file.Dispose();
                    return null;
                }

                RandomAccess.Write(file, part, written);
                written += part.Length;
            }

            if (!IsAtEnd(decoder))
            {
                file.Dispose();
                return null;
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return MappedFileBytes.Open(file);
    }

    private static SafeFileHandle OpenUnlinked()
    {
        string path = Path.Combine(Path.GetTempPath(), $"symbolicator-{Guid.NewGuid():n}.section");
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete);
        try
        {
            File.Delete(path); // the space is given back when the mapping ends, however the process ends
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static bool TryFill(Stream decoder, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            int read = TryRead(decoder, target);
            if (read <= 0)
            {
                return false;
            }

            target = target[read..];
        }

        return true;
    }

    private static bool IsAtEnd(Stream decoder)
    {
        Span<byte> one = stackalloc byte[1];
        return TryRead(decoder, one) == 0;
    }

    /// <summary>
    /// Bytes read, -1 when the stream is corrupt. The input lies in memory: an IOException is zlib's way to report a
    /// preset dictionary.
    /// </summary>
    private static int TryRead(Stream decoder, Span<byte> target)
    {
        try
        {
            return decoder.Read(target);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return -1;
        }
    }
}
