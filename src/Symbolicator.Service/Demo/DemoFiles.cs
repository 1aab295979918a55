using System.Reflection;

namespace Symbolicator.Service.Demo;

/// <summary>
/// The sample crash and its debug files, unpacked into a folder of their own that goes when the demo ends.
/// <c>tests/fixtures/build.d/demo.sh</c> makes them.
/// </summary>
internal sealed class DemoFiles : IDisposable
{
    private readonly DirectoryInfo _root;

    private DemoFiles(DirectoryInfo root) => _root = root;

    /// <summary>The minidump.</summary>
    public string Dump => Path.Combine(_root.FullName, "checkout.dmp");

    /// <summary>Debug files by build id, in the "unified" layout.</summary>
    public string Symbols => Path.Combine(_root.FullName, "symbols");

    public string Cache => Path.Combine(_root.FullName, "cache");

    public static DemoFiles Unpack()
    {
        var files = new DemoFiles(Directory.CreateTempSubdirectory("symbolicator-demo-"));
        Unpack("checkout.dmp", files.Dump);
        string folder = Path.Combine(files.Symbols, BuildId[..2], BuildId[2..]);
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(files.Cache);
        Unpack("executable", Path.Combine(folder, "executable"));
        Unpack("debuginfo", Path.Combine(folder, "debuginfo"));
        return files;
    }

    public void Dispose()
    {
        try
        {
            _root.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A few small files stay in the temporary folder; nothing depends on them.
        }
    }

    private static string BuildId
    {
        get
        {
            using var reader = new StreamReader(Open("build-id"));
            return reader.ReadToEnd().Trim();
        }
    }

    private static void Unpack(string name, string path)
    {
        using var input = Open(name);
        using var output = File.Create(path);
        input.CopyTo(output);
    }

    private static Stream Open(string name) =>
        Assembly.GetExecutingAssembly().GetManifestResourceStream($"demo/{name}")
        ?? throw new InvalidOperationException($"the sample file {name} is not part of this build");
}
