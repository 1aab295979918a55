using Symbolicator.Formats.Core;
using Symbolicator.SymCache.Layout;

namespace Symbolicator.Service.Caching;

/// <summary>Checksum of a cached file: detects damage, is no defence against intent.</summary>
internal static class FileChecksum
{
    private const int Window = 64 << 20;

    /// <summary>CRC-32C of all bytes.</summary>
    public static uint Of(FileBytes file, CancellationToken ct)
    {
        var crc = default(Crc32C);
        for (long offset = 0; offset < file.Length; offset += Window)
        {
            ct.ThrowIfCancellationRequested();
            file.TrySlice(new ByteRange(offset, Math.Min(Window, file.Length - offset)), out var span);
            crc.Append(span);
        }

        return crc.Value;
    }
}
