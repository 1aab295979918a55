namespace Symbolicator.TestKit;

/// <summary>Files of <c>tests/fixtures</c>, found by walking up from the test binary.</summary>
public static class Fixture
{
    private static readonly Lazy<string> Root = new(() =>
        Ancestors().Select(folder => System.IO.Path.Combine(folder, "tests", "fixtures")).FirstOrDefault(Directory.Exists)
        ?? throw new DirectoryNotFoundException("no tests/fixtures above " + AppContext.BaseDirectory));

    /// <summary>Path of a fixture, given relative to <c>tests/fixtures</c>.</summary>
    public static string Path(string relative) => System.IO.Path.Combine(Root.Value, relative);

    public static byte[] Bytes(string relative) => File.ReadAllBytes(Path(relative));

    /// <summary>Lines of a text that an independent tool has recorded.</summary>
    public static string[] Oracle(string relative) => File.ReadAllLines(Path(System.IO.Path.Combine("oracle", relative)));

    /// <summary>The folder of the test binary and all above it.</summary>
    internal static IEnumerable<string> Ancestors()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
