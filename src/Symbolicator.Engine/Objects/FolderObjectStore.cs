using System.Diagnostics;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Engine.Objects;

/// <summary>
/// Files of <see cref="FolderSymbolSource"/>s, used where they lie, for a tool that runs once: symcaches are made in a
/// temporary folder, which disappears with the store. Nobody may rewrite the files meanwhile.
/// </summary>
public sealed class FolderObjectStore(ICpuScheduler cpu, ParseLimits limits) : IObjectStore, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IObjectFile> _open = [];
    private readonly Lazy<DirectoryInfo> _temporary = new(() => Directory.CreateTempSubdirectory("symbolicator-"));
    private int _built;

    public Task<StoredObject> GetObjectAsync(
        ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CancellationToken ct)
    {
        return cpu.RunAsync(CpuLane.Quick, _ => Open((FolderSymbolSource)source, location, query, scope), ct);
    }

    public Task<DerivedLease<SymCacheFile>> GetSymCacheAsync(StoredObject stored, CancellationToken ct) =>
        cpu.RunAsync(CpuLane.Build, token => Build(ObjectOf(stored), token), ct);

    /// <summary>The table lives as long as the store, like the object that it belongs to.</summary>
    public Task<DerivedLease<IUnwindTable>> GetUnwindTableAsync(StoredObject stored, CancellationToken ct) =>
        cpu.RunAsync(CpuLane.Build, _ => OpenUnwindTable(ObjectOf(stored)), ct);

    public void Dispose()
    {
        foreach (var file in _open.Values)
        {
            file.Dispose();
        }

        if (_temporary.IsValueCreated)
        {
            _temporary.Value.Delete(recursive: true);
        }
    }

    private StoredObject Open(FolderSymbolSource source, ObjectLocation location, ObjectQuery query, string? scope)
    {
        var steps = new List<LookupStep> { new LookupStep.Asked(source.Id, location.Uri) };
        if (!File.Exists(source.LocalPath(location)))
        {
            return Failed(ObjectStatus.NotFound, null); // also for a folder, which is where another layout has its files
        }

        try
        {
            using var bytes = MappedFileBytes.Open(source.LocalPath(location));
            var objects = ObjectFormats.Open(bytes, limits);
            var chosen = ObjectMatch.Choose(objects, query);
            foreach (var other in objects)
            {
                if (!ReferenceEquals(other, chosen))
                {
                    other.Dispose();
                }
            }

            if (chosen is null)
            {
                return Failed(ObjectStatus.WrongFile, "it has another id");
            }

            Keep(source.LocalPath(location), chosen);
            var identity = ObjectIdentity.Of(chosen);
            steps.Add(new LookupStep.Identified(identity, chosen.Features, Matches: true));
            return new StoredObject(source, location, scope, query, ObjectStatus.Found, null, chosen.Features, steps) { Identity = identity };
        }
        catch (UnauthorizedAccessException)
        {
            return Failed(ObjectStatus.Denied, "permission denied");
        }
        catch (IOException e)
        {
            return Failed(ObjectStatus.Failed, e.Message);
        }
        catch (MalformedFileException e)
        {
            steps.Add(new LookupStep.Parsed(e.Format, e.Fault, e.Message, 1));
            return Failed(e.Fault.Reason == MalformedReason.Unsupported ? ObjectStatus.Unsupported : ObjectStatus.Malformed, e.Message);
        }

        StoredObject Failed(ObjectStatus status, string? detail)
        {
            steps.Add(new LookupStep.Answered(AnswerOrigin.Source, status, null, detail));
            return new StoredObject(source, location, scope, query, status, detail, ObjectFeatures.None, steps);
        }
    }

    private DerivedLease<SymCacheFile> Build(IObjectFile file, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        string path = Path.Combine(_temporary.Value.FullName, $"{Interlocked.Increment(ref _built)}.symcache");
        try
        {
            var options = SymCacheOptions.Default with { SpillDirectory = _temporary.Value.FullName };
            using (var output = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                SymCacheBuilder.Build(file, output, options, limits, ct);
            }

            var bytes = MappedFileBytes.Open(path);
            long size = bytes.Length;
            var cache = SymCacheFile.Open(bytes);
            return new DerivedLease<SymCacheFile>(
                ObjectStatus.Found, null, cache, [new LookupStep.Converted("symcache", 0, size, clock.Elapsed)], cache);
        }
        catch (MalformedFileException e)
        {
            return Malformed<SymCacheFile>(e);
        }
    }

    private static DerivedLease<IUnwindTable> OpenUnwindTable(IObjectFile file)
    {
        try
        {
            return file.OpenUnwindTable() is { } table
                ? new DerivedLease<IUnwindTable>(ObjectStatus.Found, null, table, [], null)
                : new DerivedLease<IUnwindTable>(ObjectStatus.NotFound, null, null, [], null);
        }
        catch (MalformedFileException e)
        {
            return Malformed<IUnwindTable>(e);
        }
    }

    private static DerivedLease<T> Malformed<T>(MalformedFileException e)
        where T : class => new(ObjectStatus.Malformed, e.Message, null, [new LookupStep.Parsed(e.Format, e.Fault, e.Message, 1)], null);

    private IObjectFile ObjectOf(StoredObject stored)
    {
        lock (_lock)
        {
            return _open[((FolderSymbolSource)stored.Source).LocalPath(stored.Location)];
        }
    }

    private void Keep(string path, IObjectFile file)
    {
        lock (_lock)
        {
            if (!_open.TryAdd(path, file))
            {
                file.Dispose();
            }
        }
    }
}
