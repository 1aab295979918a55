using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe;

/// <summary>
/// Names of sections: up to eight bytes, or the offset of a longer one in the string table behind the COFF symbols,
/// <c>/123</c> in decimal and <c>//AAAAAA</c> in base 64.
/// </summary>
internal sealed class PeSectionNames
{
    private readonly Section _strings;

    public PeSectionNames(FileBytes file, in PeFileHeader header) => _strings = CoffSymbols.StringTable(file, header);

    public bool Is(in PeSectionHeader section, ReadOnlySpan<byte> name)
    {
        Span<byte> stored = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(stored, section.Name);
        int end = stored.IndexOf((byte)0);
        var text = end < 0 ? stored : stored[..end];
        if (!TryParseOffset(text, out ulong offset))
        {
            return text.SequenceEqual(name);
        }

        return _strings.TryWindow(offset, (ulong)name.Length + 1, out var longName)
            && longName[name.Length] == 0 && longName[..name.Length].SequenceEqual(name);
    }

    private static bool TryParseOffset(ReadOnlySpan<byte> text, out ulong offset)
    {
        offset = 0;
        if (text.Length < 2 || text[0] != '/')
        {
            return false;
        }

        bool isBase64 = text[1] == '/';
        foreach (byte digit in text[(isBase64 ? 2 : 1)..])
        {
            int value = isBase64 ? Base64(digit) : digit is >= (byte)'0' and <= (byte)'9' ? digit - '0' : -1;
            if (value < 0)
            {
                return false;
            }

            offset = (offset * (isBase64 ? 64u : 10u)) + (uint)value;
        }

        return true;
    }

    private static int Base64(byte digit) => digit switch
    {
        >= (byte)'A' and <= (byte)'Z' => digit - 'A',
        >= (byte)'a' and <= (byte)'z' => digit - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => digit - '0' + 52,
        (byte)'+' => 62,
        (byte)'/' => 63,
        _ => -1,
    };
}
