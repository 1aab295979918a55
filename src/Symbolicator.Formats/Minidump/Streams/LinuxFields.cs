using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Minidump;

/// <summary>Texts of <c>/proc</c> and <c>/etc</c> that Breakpad copies into a dump.</summary>
internal static class LinuxFields
{
    /// <summary>
    /// Lines of a name and a value (<c>cpuinfo</c>, <c>status</c>, <c>lsb-release</c>): blanks and quotes around both
    /// are dropped, lines without the separator are skipped.
    /// </summary>
    public static List<KeyValuePair<string, string>> ReadLines(ref ByteReader reader, MinidumpSource source, byte separator) =>
        ReadPairs(ref reader, source, (byte)'\n', separator, trim: true);

    /// <summary>Names and values separated by NUL (<c>environ</c>), kept as they are.</summary>
    public static List<KeyValuePair<string, string>> ReadEnvironment(ref ByteReader reader, MinidumpSource source) =>
        ReadPairs(ref reader, source, 0, (byte)'=', trim: false);

    /// <summary>Arguments separated by NUL (<c>cmdline</c>).</summary>
    public static List<string> ReadArguments(ref ByteReader reader, MinidumpSource source)
    {
        var arguments = new List<string>();
        while (TryReadItem(ref reader, source, 0, out var item))
        {
            arguments.Add(MinidumpSource.DecodeUtf8(item));
        }

        return arguments;
    }

    /// <summary>Pairs of words up to AT_NULL (<c>auxv</c>).</summary>
    public static List<KeyValuePair<ulong, ulong>> ReadAuxiliaryVector(ref ByteReader reader, MinidumpSource source, bool is64)
    {
        var entries = new List<KeyValuePair<ulong, ulong>>();
        while (reader.Remaining >= (is64 ? 16 : 8))
        {
            if (!source.TryCharge(MinidumpSource.RecordCost))
            {
                reader.Fail(MalformedReason.SizeOverLimit);
                break;
            }

            ulong type = reader.ReadWord(is64);
            ulong value = reader.ReadWord(is64);
            if (type == 0)
            {
                break;
            }

            entries.Add(new(type, value));
        }

        return entries;
    }

    /// <summary>
    /// The next item without its terminator; false at the end of the text or of the budget for texts, which is a fault.
    /// </summary>
    public static bool TryReadItem(ref ByteReader reader, MinidumpSource source, byte terminator, out ReadOnlySpan<byte> item)
    {
        item = default;
        if (reader.AtEnd)
        {
            return false;
        }

        var peek = reader;
        var rest = peek.ReadBytes((ulong)peek.Remaining);
        int end = rest.IndexOf(terminator);
        item = end < 0 ? rest : rest[..end];
        reader.Skip((ulong)(end < 0 ? rest.Length : end + 1));
        if (source.TryCharge(MinidumpSource.RecordCost + item.Length))
        {
            return true;
        }

        reader.Fail(MalformedReason.SizeOverLimit);
        return false;
    }

    private static List<KeyValuePair<string, string>> ReadPairs(
        ref ByteReader reader, MinidumpSource source, byte terminator, byte separator, bool trim)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        while (TryReadItem(ref reader, source, terminator, out var item))
        {
            int split = item.IndexOf(separator);
            if (split < 0)
            {
                continue;
            }

            var name = item[..split];
            var value = item[(split + 1)..];
            pairs.Add(new(MinidumpSource.DecodeUtf8(trim ? Trim(name) : name), MinidumpSource.DecodeUtf8(trim ? Trim(value) : value)));
        }

        return pairs;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r\0\"'"u8);
}
