using BenchmarkDotNet.Attributes;
using Symbolicator.Formats.Core;
using Symbolicator.SymCache;

namespace Symbolicator.Benchmarks;

/// <summary>
/// One lookup with all frames, at the starts of all rows in random order. Allocated bytes must be 0; the median without
/// strings is to stay below 500 ns. The baseline is a binary search over the same rows in a sorted array, without
/// inlined frames: what the format pays for its size.
/// </summary>
[MemoryDiagnoser]
public class LookupBench
{
    private readonly byte[] _name = new byte[64 << 10];
    private SymCacheFile _cache = null!;
    private ulong[] _addresses = [];
    private ulong[] _starts = [];

    [Params(StringProfile.Compact, StringProfile.Plain)]
    public StringProfile Profile { get; set; }

    [GlobalSetup]
    public void Open()
    {
        using var source = BenchCaches.OpenSource();
        _cache = SymCacheFile.Open(new MemoryFileBytes(BenchCaches.Build(source, Profile)));
        var starts = new List<ulong>();
        foreach (var row in _cache.Rows)
        {
            if (!row.IsGap)
            {
                starts.Add(row.Start);
            }
        }

        _starts = [.. starts];
        _addresses = [.. starts];
        new Random(1).Shuffle(_addresses);
    }

    [GlobalCleanup]
    public void Close() => _cache.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Operations)]
    public long SortedArray()
    {
        long sum = 0;
        for (int i = 0; i < Operations; i++)
        {
            sum += Array.BinarySearch(_starts, _addresses[i % _addresses.Length]);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public long Frames()
    {
        long sum = 0;
        for (int i = 0; i < Operations; i++)
        {
            foreach (var frame in _cache.Lookup(_addresses[i % _addresses.Length]))
            {
                sum += frame.Line;
            }
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public long FramesWithNames()
    {
        long sum = 0;
        for (int i = 0; i < Operations; i++)
        {
            foreach (var frame in _cache.Lookup(_addresses[i % _addresses.Length]))
            {
                sum += _cache.CopyFunctionName(frame.FunctionId, _name);
            }
        }

        return sum;
    }

    private const int Operations = 8192;
}
