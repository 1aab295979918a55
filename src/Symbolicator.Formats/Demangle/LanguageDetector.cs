using System.Buffers;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Demangle;

/// <summary>Tells the language of a raw name by its spelling alone; looks at a bounded number of characters.</summary>
public static class LanguageDetector
{
    // Legacy Rust names end in a path element "h" and 16 hex digits, closed by "E".
    private const int RustHashLength = 20; // 17h0123456789abcdefE

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Unknown for names that are not mangled.</summary>
    public static SourceLanguage Detect(ReadOnlySpan<char> name)
    {
        if (name.Length > 3 && name[0] is '-' or '+' && name[1] == '[' && name[^1] == ']')
        {
            return SourceLanguage.ObjC;
        }

        if (IsRust(name))
        {
            return SourceLanguage.Rust;
        }

        if (IsCpp(name))
        {
            return SourceLanguage.Cpp;
        }

        return IsSwift(name) ? SourceLanguage.Swift : SourceLanguage.Unknown;
    }

    private static bool IsRust(ReadOnlySpan<char> name)
    {
        var bare = name;
        if (bare.StartsWith("__", StringComparison.Ordinal))
        {
            bare = bare[1..]; // Mach-O puts an underscore in front
        }

        // v0: _R, an optional decimal version, then an upper-case tag of a path.
        if (bare.Length > 2 && bare.StartsWith("_R", StringComparison.Ordinal) && char.IsAsciiLetterUpper(bare[2]))
        {
            return true;
        }

        if (!bare.StartsWith("_ZN", StringComparison.Ordinal))
        {
            return false;
        }

        int llvm = bare.IndexOf(".llvm.", StringComparison.Ordinal);
        bare = llvm < 0 ? bare : bare[..llvm];
        if (bare.Length < 3 + RustHashLength || bare[^1] != 'E')
        {
            return false;
        }

        var hash = bare[^RustHashLength..^1];
        return hash.StartsWith("17h", StringComparison.Ordinal) && !hash[3..].ContainsAnyExcept(LowerHex);
    }

    private static bool IsCpp(ReadOnlySpan<char> name)
    {
        if (name.StartsWith("?", StringComparison.Ordinal) || name.StartsWith("@?", StringComparison.Ordinal))
        {
            return true; // Microsoft
        }

        int underscores = 0;
        while (underscores < name.Length && underscores < 5 && name[underscores] == '_')
        {
            underscores++;
        }

        return underscores is >= 1 and <= 4 && underscores < name.Length && name[underscores] == 'Z';
    }

    private static bool IsSwift(ReadOnlySpan<char> name)
    {
        var bare = name.StartsWith("_", StringComparison.Ordinal) ? name[1..] : name;
        return bare.StartsWith("$s", StringComparison.Ordinal) || bare.StartsWith("$S", StringComparison.Ordinal)
            || bare.StartsWith("$e", StringComparison.Ordinal) || bare.StartsWith("T0", StringComparison.Ordinal) && bare.Length != name.Length
            || bare.StartsWith("@__swiftmacro_", StringComparison.Ordinal);
    }
}
