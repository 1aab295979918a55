using BenchmarkDotNet.Attributes;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Benchmarks;

/// <summary>A whole build: reading the debug information, both passes, writing. Opening is measured beside it.</summary>
[MemoryDiagnoser]
public class SymCacheBuildBench
{
    private IObjectFile _source = null!;
    private byte[] _cache = [];

    [GlobalSetup]
    public void Open()
    {
        _source = BenchCaches.OpenSource();
        _cache = BenchCaches.Build(_source, StringProfile.Compact);
    }

    [GlobalCleanup]
    public void Close() => _source.Dispose();

    [Benchmark]
    public BuildReport Compact() => Build(StringProfile.Compact);

    [Benchmark]
    public BuildReport Plain() => Build(StringProfile.Plain);

    [Benchmark]
    public long OpenCache()
    {
        using var cache = SymCacheFile.Open(new MemoryFileBytes(_cache));
        return cache.Info.RowCount;
    }

    private BuildReport Build(StringProfile profile) => SymCacheBuilder.Build(
        _source, Stream.Null, new SymCacheOptions { StringProfile = profile }, ParseLimits.Default, CancellationToken.None);
}
