namespace Symbolicator.Formats.Archives;

/// <summary>
/// A native library is not installed. A fault of the machine, never of the file: nothing may be remembered about
/// the file because of it.
/// </summary>
public sealed class MissingLibraryException(string library, string package, Exception? inner = null)
    : Exception($"{library} cannot be loaded: install the package '{package}' (Debian, Ubuntu)", inner)
{
    public string Library { get; } = library;

    /// <summary>The Debian package that holds it.</summary>
    public string Package { get; } = package;
}
