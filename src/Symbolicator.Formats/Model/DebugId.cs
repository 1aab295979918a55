using System.Buffers.Binary;
using System.Globalization;

namespace Symbolicator.Formats.Model;

/// <summary>
/// Identity of a debug file: a UUID and an age. Text forms: dashed (<c>a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90-1a</c>,
/// lower case, age in hex and only when not 0) and Breakpad (32 upper-case hex digits, then the age in hex, always).
/// </summary>
/// <param name="High">Bytes 0–7 of the UUID as text shows them, big-endian.</param>
/// <param name="Low">Bytes 8–15.</param>
/// <param name="Age">The appendix: a PDB's age, 0 for ELF and Mach-O.</param>
public readonly record struct DebugId(ulong High, ulong Low, uint Age)
{
    public bool IsNil => High == 0 && Low == 0;

    /// <summary>Sixteen bytes in the order in which text shows them.</summary>
    public static DebugId FromUuid(ReadOnlySpan<byte> uuid, uint age = 0) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(uuid), BinaryPrimitives.ReadUInt64BigEndian(uuid[8..]), age);

    /// <summary>A GUID as little-endian files store it: the first three fields are byte-swapped.</summary>
    public static DebugId FromGuid(ReadOnlySpan<byte> guid, uint age = 0)
    {
        Span<byte> uuid = stackalloc byte[16];
        guid[..16].CopyTo(uuid);
        uuid[..4].Reverse();
        uuid[4..6].Reverse();
        uuid[6..8].Reverse();
        return FromUuid(uuid, age);
    }

    /// <summary>
    /// The id of an ELF build id: its first 16 bytes, padded with zeros, as a GUID in the file's byte order.
    /// Null when these are all zero.
    /// </summary>
    public static DebugId? FromBuildId(ReadOnlySpan<byte> buildId, bool bigEndian)
    {
        Span<byte> padded = stackalloc byte[16];
        padded.Clear();
        buildId[..Math.Min(16, buildId.Length)].CopyTo(padded);
        var id = bigEndian ? FromUuid(padded) : FromGuid(padded);
        return id.IsNil ? null : id;
    }

    /// <summary>
    /// Accepts the dashed and the Breakpad form in any case, with or without dashes and age. Text behind a valid id
    /// is ignored, as the reference does.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DebugId id)
    {
        id = default;
        bool dashed = text.Length > 8 && text[8] == '-';
        Span<char> digits = stackalloc char[32];
        int at = 0;
        for (int i = 0; i < 32; i++, at++)
        {
            if (dashed && i is 8 or 12 or 16 or 20)
            {
                if (dashed && (at >= text.Length || text[at] != '-'))
                {
                    return false;
                }

                at += dashed ? 1 : 0;
            }

            if (at >= text.Length || !char.IsAsciiHexDigit(text[at]))
            {
                return false;
            }

            digits[i] = text[at];
        }

        if (at < text.Length && text[at] == '-')
        {
            at++;
        }

        int end = at;
        while (end < text.Length && end < at + 8 && char.IsAsciiHexDigit(text[end]))
        {
            end++;
        }

        uint age = end == at ? 0 : uint.Parse(text[at..end], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        id = new DebugId(
            ulong.Parse(digits[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            ulong.Parse(digits[16..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            age);
        return true;
    }

    public static DebugId? Parse(string? text) => text is not null && TryParse(text, out var id) ? id : null;

    /// <summary>The UUID alone: 32 lower-case hex digits.</summary>
    public string UuidHex() => $"{High:x16}{Low:x16}";

    /// <summary>The Breakpad form: UUID in upper case, age in lower case.</summary>
    public string ToBreakpad() => $"{High:X16}{Low:X16}{Age:x}";

    /// <summary>The dashed form.</summary>
    public override string ToString()
    {
        string uuid = $"{High >> 32:x8}-{(High >> 16) & 0xffff:x4}-{High & 0xffff:x4}-{Low >> 48:x4}-{Low & 0xffff_ffff_ffff:x12}";
        return Age == 0 ? uuid : $"{uuid}-{Age:x}";
    }
}
