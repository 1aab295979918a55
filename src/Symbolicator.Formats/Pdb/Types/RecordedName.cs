using System.Buffers;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>Names as compilers put them into records.</summary>
internal static class RecordedName
{
    private static readonly SearchValues<byte> Hex = SearchValues.Create("0123456789abcdefABCDEF"u8);

    private static ReadOnlySpan<byte> Anonymous => "`anonymous namespace'"u8;

    private static ReadOnlySpan<byte> Hyphenated => "`anonymous-namespace'"u8; // MSVC in names of types

    private static ReadOnlySpan<byte> Bracketed => "(anonymous namespace)"u8; // clang in template arguments

    private static ReadOnlySpan<byte> ItaniumOperators =>
        "nwnadldaawpsngaddecoplmimldvrmaneoaSpLmImLdVrMaNoReOlsrslSrSeqneltgtlegessntaaooppmmcmpmptclixqucvli"u8;

    private static ReadOnlySpan<byte> Hashed => "?A0x"u8; // MSVC in names of functions

    /// <summary>
    /// A decorated name (MSVC, Itanium, Rust, Swift): it says more than a type could add, and is for a demangler.
    /// </summary>
    public static bool IsMangled(ReadOnlySpan<byte> name)
    {
        if (name.Length < 3)
        {
            return false;
        }

        var bare = name.StartsWith("__"u8) ? name[1..] : name; // i686 puts an underscore in front
        return (name[0] == '?' && !name.StartsWith(Hashed))
            || (bare.StartsWith("_Z"u8) && IsItanium(bare[2..]))
            || (bare.Length > 2 && bare.StartsWith("_R"u8) && bare[2] is (byte)'N' or (byte)'C' or (byte)'M' or (byte)'X' or (byte)'Y' or (byte)'I')
            || name.StartsWith("$s"u8) || name.StartsWith("$S"u8);
    }

    /// <summary>
    /// What may follow <c>_Z</c>: the length of a name, a nested, local, special or standard one, or an operator. The library of
    /// MSVC has functions such as <c>_Zero_range</c>.
    /// </summary>
    private static bool IsItanium(ReadOnlySpan<byte> encoding) => encoding.Length > 0
        && (encoding[0] is >= (byte)'0' and <= (byte)'9' or (byte)'N' or (byte)'L' or (byte)'S' or (byte)'T' or (byte)'G' or (byte)'Z'
            || (encoding.Length > 1 && IsOperator(encoding[..2])));

    private static bool IsOperator(ReadOnlySpan<byte> code)
    {
        for (int at = 0; at < ItaniumOperators.Length; at += 2)
        {
            if (code.SequenceEqual(ItaniumOperators.Slice(at, 2)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Appends a name; anonymous namespaces, which compilers spell in four ways, become one.</summary>
    public static void AppendTo(TypeText text, ReadOnlySpan<byte> name)
    {
        while (true)
        {
            int at = name.IndexOfAny((byte)'?', (byte)'`', (byte)'(');
            if (at < 0)
            {
                text.Append(name);
                return;
            }

            text.Append(name[..at]);
            name = name[at..];
            int length = AnonymousAt(name);
            text.Append(length > 0 ? Anonymous : name[..1]);
            name = name[Math.Max(length, 1)..];
        }
    }

    /// <summary>Bytes of the anonymous namespace at the start; 0 when there is none.</summary>
    private static int AnonymousAt(ReadOnlySpan<byte> name)
    {
        if (name.StartsWith(Hyphenated) || name.StartsWith(Bracketed))
        {
            return Hyphenated.Length; // both
        }

        if (!name.StartsWith(Hashed))
        {
            return 0;
        }

        int digits = name[Hashed.Length..].IndexOfAnyExcept(Hex);
        digits = digits < 0 ? name.Length - Hashed.Length : digits;
        var rest = name[(Hashed.Length + digits)..];
        return digits > 0 && (rest.IsEmpty || rest.StartsWith("::"u8)) ? Hashed.Length + digits : 0;
    }
}
