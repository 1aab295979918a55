using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// Takes one layer of compression off a downloaded file. The kind is told by the first bytes, never by a name.
/// Memory is bounded by buffers and the decoders' windows; the content goes to a stream.
/// </summary>
public static class Unpacker
{
    /// <summary>Outputs up to this size are exempt from <see cref="UnpackLimits.Ratio"/>.</summary>
    public const long RatioExemptBytes = 64L << 20;

    private const int BufferBytes = 128 << 10;

    /// <summary>The compression of a file by its first bytes (four or more).</summary>
    public static CompressionKind Probe(ReadOnlySpan<byte> prefix)
    {
        if (prefix.Length < 4)
        {
            return CompressionKind.None;
        }

        if (prefix.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
        {
            return CompressionKind.Zstd;
        }

        if (prefix.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            return CompressionKind.Gzip;
        }

        if (prefix[0] == 0x78 && prefix[1] is 0x01 or 0x5e or 0x9c or 0xda)
        {
            return CompressionKind.Zlib;
        }

        if (prefix.StartsWith((ReadOnlySpan<byte>)[0x50, 0x4b, 0x03, 0x04]))
        {
            return CompressionKind.Zip;
        }

        if (prefix.StartsWith((ReadOnlySpan<byte>)[0xfd, 0x37, 0x7a, 0x58])) // FD "7zXZ" 00
        {
            return CompressionKind.Xz;
        }

        return prefix.StartsWith("MSCF"u8) ? CompressionKind.Cab : CompressionKind.None;
    }

    /// <summary>Unpacks a file into a stream. Damage of the file is a result, not an exception.</summary>
    /// <exception cref="MissingLibraryException">The file needs a native library that is not installed.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static UnpackResult Unpack(FileBytes input, Stream output, UnpackLimits limits, CancellationToken cancellation = default)
    {
        input.TrySlice(new ByteRange(0, Math.Min(4, input.Length)), out var prefix);
        var kind = Probe(prefix);
        var result = new UnpackResult(UnpackStatus.Malformed, kind, input.Length);
        using var whole = new FileBytesStream(input, input.All);
        switch (kind)
        {
            case CompressionKind.None:
                return result with { Status = UnpackStatus.NotCompressed };
            case CompressionKind.Zstd:
                using (var zstd = new Zstd(whole, limits.ZstdWindowLog))
                {
                    return Copy(zstd, output, limits, result, cancellation);
                }

            case CompressionKind.Xz:
                using (var xz = new Xz(whole, limits.XzMemory))
                {
                    return Copy(xz, output, limits, result, cancellation);
                }

            case CompressionKind.Gzip:
                return Gzip(whole, output, limits, result, cancellation);
            case CompressionKind.Zlib:
                return Zlib(input, output, limits, result, cancellation);
            case CompressionKind.Zip:
                return Zip(input, output, limits, result, cancellation);
            default:
                return Cab(input, output, limits, result, cancellation);
        }
    }

    /// <summary>
    /// The decoder of the runtime takes a file that ends too early for a complete one. So a member of known content is
    /// appended: it comes out, at the end, exactly when the members before it were complete.
    /// </summary>
    private static UnpackResult Gzip(
        FileBytesStream input, Stream output, UnpackLimits limits, UnpackResult result, CancellationToken cancellation)
    {
        byte[] marker = Guid.NewGuid().ToByteArray();
        var member = new MemoryStream();
        using (var gzip = new GZipStream(member, CompressionLevel.NoCompression, leaveOpen: true))
        {
            gzip.Write(marker);
        }

        using var both = new ConcatenatedStream(input, new MemoryStream(member.ToArray()));
        using var decoder = new GZipStream(both, CompressionMode.Decompress);
        var held = new HoldBackStream(output, marker.Length);
        result = Copy(decoder, held, limits with { Bytes = AddCapped(limits.Bytes, marker.Length) }, result, cancellation);
        result = result with { BytesOut = Math.Max(0, result.BytesOut - marker.Length) };
        return result.Status == UnpackStatus.Unpacked && !held.Tail.SequenceEqual(marker)
            ? result with { Status = UnpackStatus.Malformed, Detail = "gzip: truncated, or followed by something else" }
            : result;
    }

    /// <summary>As for gzip the end needs a check of our own: the checksum in the last four bytes.</summary>
    private static UnpackResult Zlib(
        FileBytes input, Stream output, UnpackLimits limits, UnpackResult result, CancellationToken cancellation)
    {
        using var whole = new FileBytesStream(input, input.All);
        using var decoder = new ZLibStream(whole, CompressionMode.Decompress);
        var checksum = new Adler32Stream(output);
        result = Copy(decoder, checksum, limits, result, cancellation);
        if (result.Status != UnpackStatus.Unpacked)
        {
            return result;
        }

        bool complete = input.TrySlice(new ByteRange(input.Length - 4, 4), out var trailer)
            && BinaryPrimitives.ReadUInt32BigEndian(trailer) == checksum.Value;
        return complete
            ? result
            : result with { Status = UnpackStatus.Malformed, Detail = "zlib: truncated, or followed by something else" };
    }

    private static UnpackResult Zip(
        FileBytes input, Stream output, UnpackLimits limits, UnpackResult result, CancellationToken cancellation)
    {
        if (!ZipEntry.TryFind(input, out var entry, out bool unsupported, out string problem))
        {
            return result with { Status = unsupported ? UnpackStatus.Unsupported : UnpackStatus.Malformed, Detail = $"zip: {problem}" };
        }

        using var packed = new FileBytesStream(input, entry.Data);
        using Stream decoder = entry.Method == ZipEntry.Stored ? packed : new DeflateStream(packed, CompressionMode.Decompress);
        var checksum = new Crc32Stream(output);
        result = Copy(decoder, checksum, limits, result, cancellation);
        return result.Status == UnpackStatus.Unpacked && ((ulong)result.BytesOut != entry.Size || checksum.Value != entry.Crc)
            ? result with { Status = UnpackStatus.Malformed, Detail = "zip: size or checksum differ" }
            : result;
    }

    private static UnpackResult Cab(
        FileBytes input, Stream output, UnpackLimits limits, UnpackResult result, CancellationToken cancellation)
    {
        if (Cabinet.TryOpen(input, out bool unsupported, out string problem) is not { } cabinet)
        {
            return result with { Status = unsupported ? UnpackStatus.Unsupported : UnpackStatus.Malformed, Detail = $"cabinet: {problem}" };
        }

        try
        {
            long budget = Math.Min(limits.Bytes, Math.Max(RatioExemptBytes, result.BytesIn > long.MaxValue / limits.Ratio ? long.MaxValue : result.BytesIn * limits.Ratio));
            if (!cabinet.TryChoose(budget, out var file, cancellation))
            {
                problem = $"none of {cabinet.Files.Length} files is an object";
                return result with { Status = UnpackStatus.Unsupported, Detail = $"cabinet: {problem}" };
            }

            if (!cabinet.IsReadable(file, out problem))
            {
                return result with { Status = UnpackStatus.Unsupported, Detail = $"cabinet: {problem}" };
            }

            // What lies in front of it in its folder has to be decompressed as well.
            if (file.Offset > budget)
            {
                return result with { Status = UnpackStatus.TooLarge, Detail = "cabinet: the file starts behind the limit of size" };
            }

            using var content = cabinet.Open(file, cancellation);
            return Copy(content, output, limits, result, cancellation);
        }
        catch (InvalidDataException e)
        {
            return result with { Detail = e.Message };
        }
    }

    private static UnpackResult Copy(
        Stream decoder, Stream output, UnpackLimits limits, UnpackResult result, CancellationToken cancellation)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long written = 0;
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!TryRead(decoder, buffer, out int read, out string? problem))
                {
                    return result with { BytesOut = written, Detail = problem };
                }

                if (read == 0)
                {
                    return result with { Status = UnpackStatus.Unpacked, BytesOut = written };
                }

                bool overRatio = written + read > RatioExemptBytes && (written + read) / limits.Ratio > result.BytesIn;
                if (read > limits.Bytes - written || overRatio)
                {
                    string limit = overRatio ? "ratio" : "size";
                    return result with { Status = UnpackStatus.TooLarge, BytesOut = written, Detail = $"over the limit of {limit}" };
                }

                output.Write(buffer, 0, read);
                written += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>False when the input is corrupt. It lies in memory: an IOException is zlib's, about a preset dictionary.</summary>
    private static bool TryRead(Stream decoder, byte[] buffer, out int read, out string? problem)
    {
        try
        {
            problem = null;
            read = decoder.Read(buffer);
            return true;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            problem = e.Message;
            read = 0;
            return false;
        }
    }

    private static long AddCapped(long value, int more) => value > long.MaxValue - more ? long.MaxValue : value + more;
}
