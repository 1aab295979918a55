using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

/// <summary>Figures of docs/symcache-format.md on a real debug file.</summary>
public sealed class AcceptanceTests
{
    private const string CrashDebug = "symbolic/symbolic-testutils/fixtures/linux/crash.debug";

    [Theory]
    [InlineData(StringProfile.Compact, 75_800)]
    [InlineData(StringProfile.Plain, 104_700)]
    public void A_linux_debug_file_becomes_a_small_cache(StringProfile profile, long most)
    {
        byte[] bytes = Build(profile, out var report);

        Assert.Equal(bytes.LongLength, report.BytesOut);
        Assert.True(bytes.Length <= most, $"{report}");
        Assert.InRange(report.Rows, 6_000, 7_000);
        Assert.Equal((167, 55), (report.Functions, report.Files));
        Assert.Equal(0, report.Faults);
        Assert.Equal(bytes, Build(profile, out _));
        using var cache = Caches.Open(bytes);
        cache.Verify();

        // Distinct addresses of DW_TAG_subprogram with a DW_AT_low_pc in the output of llvm-dwarfdump 19.
        int functions = 0;
        foreach (var function in cache.Functions)
        {
            functions += function.FromDebugInfo ? 1 : 0;
        }

        Assert.Equal(158, functions);
    }

    private static byte[] Build(StringProfile profile, out BuildReport report)
    {
        string? path = Cases.Find(CrashDebug);
        Assert.SkipWhen(path is null, Cases.Absent);
        using var bytes = new MemoryFileBytes(File.ReadAllBytes(path!));
        using var file = Assert.Single(ObjectFormats.Open(bytes, ParseLimits.Default));
        using var output = new MemoryStream();
        var options = new SymCacheOptions { StringProfile = profile, SourceSize = bytes.Length };
        report = SymCacheBuilder.Build(file, output, options, ParseLimits.Default, CancellationToken.None);
        return output.ToArray();
    }
}
