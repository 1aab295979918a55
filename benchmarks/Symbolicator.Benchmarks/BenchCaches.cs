using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;
using Symbolicator.TestKit;

namespace Symbolicator.Benchmarks;

/// <summary>
/// Input of the symcache benchmarks: the debug file named by <c>SYMBOLICATOR_BENCH_FILE</c>, else the Linux debug file
/// of the conformance cases, else a synthetic one of about the same shape.
/// </summary>
internal static class BenchCaches
{
    private const string Variable = "SYMBOLICATOR_BENCH_FILE";

    private const string CrashDebug = "symbolic/symbolic-testutils/fixtures/linux/crash.debug";

    public static IObjectFile OpenSource()
    {
        string? path = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Cases.Find(CrashDebug);
        if (path is null)
        {
            return Synthetic();
        }

        using var bytes = new MemoryFileBytes(File.ReadAllBytes(path));
        var objects = ObjectFormats.Open(bytes);
        foreach (var other in objects.Skip(1))
        {
            other.Dispose();
        }

        return objects[0];
    }

    public static byte[] Build(IObjectFile source, StringProfile profile)
    {
        using var output = new MemoryStream();
        SymCacheBuilder.Build(
            source, output, new SymCacheOptions { StringProfile = profile }, ParseLimits.Default, CancellationToken.None);
        return output.ToArray();
    }

    private static FakeObjectFile Synthetic()
    {
        var file = new FakeObjectFile();
        for (uint i = 0; i < 200; i++)
        {
            ulong start = 0x1000 + (i * 0x400UL);
            file.Functions.Add(new FakeFunction($"_ZN4some9namespace8function{i:d3}Ev", new AddressRange(start, start + 0x3f0))
            {
                Lines = [.. Enumerable.Range(0, 40).Select(row => (start + ((ulong)row * 0x18), (string?)$"/work/src/file{row % 5}.cpp", (uint)(10 + row)))],
                Inlines = [.. Enumerable.Range(0, 8).Select(site => new FakeInline(
                    site % 4, $"_ZN4some6inline{(i + site) % 60}Ev", "/work/src/inline.h", (uint)site,
                    new AddressRange(start + ((ulong)(site / 4) * 0x100), start + 0x80 + ((ulong)(site / 4) * 0x100))))],
            });
        }

        return file;
    }
}
