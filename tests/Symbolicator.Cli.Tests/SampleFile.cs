using Symbolicator.TestKit;

namespace Symbolicator.Cli.Tests;

/// <summary>A folder with a small symbol file, deleted at the end of a test.</summary>
public sealed class SampleFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("symbolicator-test");

    public SampleFile() => Path = Write("crash.sym", Sample);

    /// <summary>The symbol file.</summary>
    public string Path { get; }

    public static BreakpadBuilder Sample => new BreakpadBuilder().Module().Line("INFO CODE_ID F1C3BCC0")
        .File(0, "/src/main.c").File(1, "/src/util.h").Origin(0, "_ZN4util4copyEv")
        .Func(0x2000, 0x10, "second").Func(0x1000, 0x40, "main").Inline(0, 12, 0, 0, (0x1010, 0x10))
        .Row(0x1000, 0x10, 10, 0).Row(0x1010, 0x10, 7, 1).Row(0x1020, 0x20, 14, 0)
        .Public(0x4000, "tail").Public(0x3000, "_start")
        .CfiInit(0x1000, 0x40, ".cfa: $rsp 8 + .ra: .cfa -8 + ^").Cfi(0x1004, ".cfa: $rsp 16 +");

    public string Write(string name, BreakpadBuilder content)
    {
        string path = System.IO.Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content.ToBytes());
        return path;
    }

    public string Beside(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public string[] Names() => [.. _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Delete(recursive: true);
}
