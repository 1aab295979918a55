using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>The checksum by which <c>.gnu_debuglink</c> identifies its file. A file must match before it is used.</summary>
public static class DebugLinkCrc
{
    private const int WindowBytes = 1 << 20;

    /// <summary>CRC-32 of a whole file.</summary>
    public static uint Compute(FileBytes file)
    {
        uint crc = 0;
        for (long offset = 0; offset < file.Length; offset += WindowBytes)
        {
            file.TrySlice(new ByteRange(offset, Math.Min(WindowBytes, file.Length - offset)), out var window);
            crc = Crc32.Append(crc, window);
        }

        return crc;
    }

    /// <summary>True when the file is the one that the link names; false also for links of another kind.</summary>
    public static bool Matches(ObjectLink link, FileBytes file) => link.Crc32 is { } crc && Compute(file) == crc;
}
