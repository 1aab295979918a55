using BenchmarkDotNet.Attributes;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.Benchmarks;

/// <summary>
/// A whole minidump: parse, unwind all threads, look up all frames, make the answer. Warm: symcaches and unwind tables
/// are at hand, which is to stay below 20 ms. Cold: they are made from the debug files.
/// </summary>
[MemoryDiagnoser]
public class MinidumpBench
{
    private readonly InlineCpuScheduler _cpu = new();
    private FolderObjectStore _store = null!;
    private WarmStore _warm = null!;
    private MemoryFileBytes _dump = null!;
    private MinidumpJob _job = null!;

    [Params("cpp-x64.crashpad.dmp", "rust-x64.breakpad.dmp", "cpp-arm64.breakpad.dmp")]
    public string Dump { get; set; } = "";

    [GlobalSetup]
    public void Open()
    {
        _dump = new MemoryFileBytes(File.ReadAllBytes(Fixture.Path($"minidump/{Dump}")));
        string symbols = Fixture.Path("symbols");
        _job = new MinidumpJob { Sources = [new FolderSymbolSource("fixtures", symbols, FolderSymbolSource.UsualLayouts)] };
        _store = new FolderObjectStore(_cpu, ParseLimits.Default);
        _warm = new WarmStore(_store);
    }

    [GlobalCleanup]
    public void Close() => _store.Dispose();

    [Benchmark(Baseline = true)]
    public Task<SymbolicationResponse> Warm() => Process(_warm);

    [Benchmark]
    public async Task<SymbolicationResponse> Cold()
    {
        using var store = new FolderObjectStore(_cpu, ParseLimits.Default);
        return await Process(store);
    }

    private Task<SymbolicationResponse> Process(IObjectStore store) =>
        new MinidumpProcessor(_cpu, store, static (_, _) => null).ProcessAsync(_dump, _job, CancellationToken.None);
}
