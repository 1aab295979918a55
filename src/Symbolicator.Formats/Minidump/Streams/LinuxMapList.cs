using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>One line of <c>/proc/PID/maps</c> (proc(5)).</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Behind the last one, never below the start.</param>
/// <param name="Permissions">Such as <c>r-xp</c>.</param>
/// <param name="Offset">In the file that is mapped.</param>
/// <param name="Path">File, or a name in brackets; empty for anonymous memory.</param>
public sealed record LinuxMapping(ulong Start, ulong End, string Permissions, ulong Offset, string Path);

/// <summary>The memory map stream; one line that is not as prescribed makes the whole of it worthless.</summary>
internal static class LinuxMapList
{
    public static List<LinuxMapping> Read(ref ByteReader reader, MinidumpSource source)
    {
        var mappings = new List<LinuxMapping>();
        while (LinuxFields.TryReadItem(ref reader, source, (byte)'\n', out var line))
        {
            line = line.Trim(" \t\r\0"u8);
            if (line.IsEmpty)
            {
                continue;
            }

            if (mappings.Count == source.Limits.MemoryRegions)
            {
                reader.Fail(MalformedReason.CountOverLimit);
            }
            else if (TryParse(line, out var mapping))
            {
                mappings.Add(mapping);
            }
            else
            {
                reader.Fail(MalformedReason.BadValue);
            }
        }

        return mappings;
    }

    private static bool TryParse(ReadOnlySpan<byte> line, [NotNullWhen(true)] out LinuxMapping? mapping)
    {
        mapping = null;
        var range = NextWord(ref line);
        var permissions = NextWord(ref line);
        var offset = NextWord(ref line);
        NextWord(ref line); // device
        NextWord(ref line); // inode
        int dash = range.IndexOf((byte)'-');
        if (dash < 0 || !TryHex(range[..dash], out ulong start) || !TryHex(range[(dash + 1)..], out ulong end)
            || !TryHex(offset, out ulong fileOffset) || end < start)
        {
            return false;
        }

        mapping = new LinuxMapping(
            start, end, MinidumpSource.DecodeUtf8(permissions), fileOffset, MinidumpSource.DecodeUtf8(line.TrimStart((byte)' ')));
        return true;
    }

    /// <summary>Takes a word and leaves the rest with its blanks: names may contain some.</summary>
    private static ReadOnlySpan<byte> NextWord(ref ReadOnlySpan<byte> line)
    {
        line = line.TrimStart(" \t"u8);
        int end = line.IndexOfAny((byte)' ', (byte)'\t');
        var word = end < 0 ? line : line[..end];
        line = line[word.Length..];
        return word;
    }

    private static bool TryHex(ReadOnlySpan<byte> digits, out ulong value) =>
        ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
