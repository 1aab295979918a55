using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;
using Symbolicator.TestKit;

namespace Symbolicator.Engine.Tests;

/// <summary>A source that has one place per file type it is asked for, or only for some.</summary>
internal sealed class ScriptedSource(string id, params FileType[] types) : ISymbolSource
{
    public string Id => id;

    public bool IsPublic => false;

    public IReadOnlyList<ObjectLocation> Locate(ObjectQuery query) =>
        types.Contains(query.FileType) ? [Place(query.FileType, query.DebugFile)] : [];

    public Task<FetchOutcome> FetchAsync(ObjectLocation location, Stream destination, CancellationToken ct) =>
        throw new InvalidOperationException("the scripted store has the files");

    public static ObjectLocation Place(FileType type, string? debugFile = null) =>
        new($"{debugFile}/{type.Name()}", $"mem://{debugFile}/{type.Name()}", type);
}

/// <summary>What a scripted store knows of one place.</summary>
internal sealed record ScriptedFile(ObjectStatus Status)
{
    public ObjectFeatures Features { get; init; }

    public string? Detail { get; init; }

    /// <summary>How conversion ends.</summary>
    public ObjectStatus Converted { get; init; } = ObjectStatus.Found;

    public FakeObjectFile Content { get; init; } = new();

    public IUnwindTable? Table { get; init; }

    public ICodeView? Code { get; init; }

    /// <summary>What the file says of itself.</summary>
    public ObjectIdentity? Identity { get; init; }

    /// <summary>Steps after the one that the store was asked.</summary>
    public IReadOnlyList<LookupStep> Steps { get; init; } = [];

    public static ScriptedFile Debug(FakeObjectFile content) =>
        new(ObjectStatus.Found) { Features = ObjectFeatures.DebugInfo | ObjectFeatures.Symbols, Content = content };
}

/// <summary>A store in memory: files by URI, everything else is not found. Counts what is asked and leased.</summary>
internal sealed class ScriptedStore : IObjectStore
{
    private readonly Lock _lock = new();

    public Dictionary<string, ScriptedFile> Files { get; } = [];

    public List<string> Asked { get; } = [];

    public List<string> Converted { get; } = [];

    public int OpenLeases { get; private set; }

    /// <summary>Awaited before every answer.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public async Task<StoredObject> GetObjectAsync(
        ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CancellationToken ct)
    {
        lock (_lock)
        {
            Asked.Add($"{source.Id} {location.Uri}");
        }

        await Gate.WaitAsync(ct);
        var file = Files.GetValueOrDefault($"{source.Id} {location.Uri}") ?? Files.GetValueOrDefault(location.Uri)
            ?? new ScriptedFile(ObjectStatus.NotFound);
        return new StoredObject(
            source, location, scope, query, file.Status, file.Detail, file.Features,
            [new LookupStep.Asked(source.Id, location.Uri), .. file.Steps])
        {
            Identity = file.Identity,
        };
    }

    public Task<DerivedLease<SymCacheFile>> GetSymCacheAsync(StoredObject stored, CancellationToken ct)
    {
        var file = Note(stored);
        return Task.FromResult(file.Converted == ObjectStatus.Found
            ? Lease(BuildCache(file.Content))
            : new DerivedLease<SymCacheFile>(file.Converted, "scripted", null, [], null));
    }

    public Task<DerivedLease<IUnwindTable>> GetUnwindTableAsync(StoredObject stored, CancellationToken ct)
    {
        var file = Note(stored);
        return Task.FromResult(file.Converted == ObjectStatus.Found
            ? Lease(file.Table ?? new EmptyTable())
            : new DerivedLease<IUnwindTable>(file.Converted, "scripted", null, [], null));
    }

    public Task<DerivedLease<ICodeView>> GetCodeAsync(StoredObject stored, CancellationToken ct)
    {
        var file = Files.GetValueOrDefault($"{stored.Source.Id} {stored.Location.Uri}") ?? Files[stored.Location.Uri];
        return Task.FromResult(file.Code is { } code
            ? Lease(code)
            : new DerivedLease<ICodeView>(ObjectStatus.NotFound, "scripted", null, [], null));
    }

    public static SymCacheFile BuildCache(FakeObjectFile content)
    {
        using var output = new MemoryStream();
        SymCacheBuilder.Build(content, output, SymCacheOptions.Default, ParseLimits.Default, CancellationToken.None);
        return SymCacheFile.Open(new MemoryFileBytes(output.ToArray()));
    }

    private ScriptedFile Note(StoredObject stored)
    {
        lock (_lock)
        {
            Converted.Add($"{stored.Source.Id} {stored.Location.Uri}");
        }

        return Files.GetValueOrDefault($"{stored.Source.Id} {stored.Location.Uri}") ?? Files[stored.Location.Uri];
    }

    private DerivedLease<T> Lease<T>(T value)
        where T : class
    {
        OpenLeases++;
        return new DerivedLease<T>(ObjectStatus.Found, null, value, [], new Returned(() => OpenLeases--));
    }

    private sealed class Returned(Action action) : IDisposable
    {
        public void Dispose() => action();
    }

    private sealed class EmptyTable : IUnwindTable
    {
        public bool IsEmpty => true;

        public CpuFamily Cpu => CpuFamily.Amd64;

        public long EstimatedBytes => 0;

        public bool Covers(ulong rva) => false;

        public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
        {
            caller = default;
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        public UnwindDescription? Describe(ulong rva) => null;
    }
}
