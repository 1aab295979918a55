namespace Symbolicator.Formats.Model;

/// <summary>
/// What compilers for Windows add to the names of C functions to state how they are called. x86: <c>_name</c> (cdecl),
/// <c>_name@8</c> (stdcall), <c>@name@8</c> (fastcall); x86 and x64: <c>name@@8</c> (vectorcall); arm64 code that x64
/// calls: <c>#name</c>. Elsewhere C names are as they are in the source.
/// </summary>
public static class CDecoration
{
    /// <summary>
    /// The name in the source: a part of the given text. C++ names (<c>?</c> in front) and texts that are no symbol
    /// (with a colon, bracket or angle bracket) are returned as they are.
    /// </summary>
    public static ReadOnlySpan<byte> Remove(ReadOnlySpan<byte> name, CpuFamily cpu)
    {
        if (name.IsEmpty || name[0] == '?' || name.ContainsAny(":(<"u8))
        {
            return name;
        }

        return cpu switch
        {
            CpuFamily.X86 => RemoveX86(name),
            CpuFamily.Amd64 when TryCutSize(name, "@@"u8, out var plain) => plain,
            CpuFamily.Arm64 when name[0] == '#' && name.Length > 1 && name[1] != '?' => name[1..],
            _ => name,
        };
    }

    private static ReadOnlySpan<byte> RemoveX86(ReadOnlySpan<byte> name)
    {
        if (TryCutSize(name, "@@"u8, out var plain))
        {
            return plain;
        }

        if (name[0] is not ((byte)'_' or (byte)'@') || name.Length == 1)
        {
            return name;
        }

        var rest = name[1..];
        if (TryCutSize(rest, "@"u8, out plain))
        {
            return plain;
        }

        return name[0] == '_' ? rest : name;
    }

    /// <summary>Cuts a separator and decimal digits, the size of the parameters, from the end.</summary>
    private static bool TryCutSize(ReadOnlySpan<byte> name, ReadOnlySpan<byte> separator, out ReadOnlySpan<byte> plain)
    {
        int at = name.LastIndexOf(separator);
        bool cut = at > 0 && at + separator.Length < name.Length && !name[(at + separator.Length)..].ContainsAnyExceptInRange((byte)'0', (byte)'9');
        plain = cut ? name[..at] : name;
        return cut;
    }
}
