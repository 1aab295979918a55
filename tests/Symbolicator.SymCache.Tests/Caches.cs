using System.Globalization;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

/// <summary>Builds caches in memory and shows their answers as text.</summary>
internal static class Caches
{
    public static byte[] Build(FakeObjectFile file, SymCacheOptions? options = null, ParseLimits? limits = null) =>
        Build(file, out _, options, limits);

    public static byte[] Build(
        FakeObjectFile file, out BuildReport report, SymCacheOptions? options = null, ParseLimits? limits = null)
    {
        using var output = new MemoryStream();
        report = SymCacheBuilder.Build(
            file, output, options ?? SymCacheOptions.Default, limits ?? ParseLimits.Default, CancellationToken.None);
        return output.ToArray();
    }

    public static SymCacheFile Open(byte[] bytes) => SymCacheFile.Open(new MemoryFileBytes(bytes));

    public static SymCacheFile Open(FakeObjectFile file, SymCacheOptions? options = null) => Open(Build(file, options));

    /// <summary>Frames as "name@entry file:line", innermost first, separated by " &lt; ".</summary>
    public static string Show(this SymCacheFile cache, ulong rva)
    {
        var frames = new List<string>();
        foreach (var frame in cache.Lookup(rva))
        {
            string entry = frame.EntryRva is { } at ? string.Create(CultureInfo.InvariantCulture, $"@{at:x}") : "";
            string file = cache.GetPath(frame.FileId) ?? "?";
            frames.Add($"{cache.GetFunctionName(frame.FunctionId)}{entry} {file}:{frame.Line}");
        }

        return string.Join(" < ", frames);
    }
}
