namespace Symbolicator.Formats.Model;

/// <summary>Language of a function, which decides how its name is demangled.</summary>
public enum SourceLanguage : byte
{
    Unknown,
    C,
    Cpp,
    D,
    Go,
    ObjC,
    ObjCpp,
    Rust,
    Swift,
    CSharp,
    VisualBasic,
    FSharp,
}

/// <summary>Names of languages on the wire.</summary>
public static class SourceLanguageNames
{
    private static readonly string?[] Names =
        [null, "c", "cpp", "d", "go", "objc", "objcpp", "rust", "swift", "csharp", "visualbasic", "fsharp"];

    /// <summary>The name on the wire, null when unknown.</summary>
    public static string? Name(this SourceLanguage language) =>
        (int)language < Names.Length ? Names[(int)language] : null;

    /// <summary>The language of a name on the wire; unknown for anything else.</summary>
    public static SourceLanguage Parse(string? name)
    {
        int index = name is null ? -1 : Array.IndexOf(Names, name.ToLowerInvariant());
        return index < 0 ? SourceLanguage.Unknown : (SourceLanguage)index;
    }
}
