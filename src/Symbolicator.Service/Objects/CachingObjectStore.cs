using Microsoft.Extensions.Caching.Memory;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Hosting;
using Symbolicator.Service.Observability;
using Symbolicator.Service.Scheduling;
using Symbolicator.SymCache;

namespace Symbolicator.Service.Objects;

/// <summary>Debug files, symcaches and unwind tables behind caches in memory and on disk.</summary>
internal sealed class CachingObjectStore : IObjectStore, IDisposable
{
    private const string SymCacheArtifact = "symcache";
    private const string UnwindArtifact = "unwind_table";
    private const string CodeArtifact = "code";

    /// <summary>Besides its texts an entry of the memory cache costs about this much.</summary>
    private const int EntryBytes = 1024;

    /// <summary>Files whose code stays open: they are only mapped.</summary>
    private const int CodeFiles = 512;

    private readonly ArtifactCache _cache;
    private readonly ObjectFetcher _fetcher;
    private readonly BuildBudget _budget;
    private readonly ICpuScheduler _cpu;
    private readonly ParseLimits _limits;
    private readonly DiskCache _disk;
    private readonly TimeProvider _time;
    private readonly ServiceMetrics _metrics;
    private readonly MemoryCache _answers;
    private readonly OpenArtifacts<SymCacheFile> _symCaches;
    private readonly OpenArtifacts<OpenUnwindTable> _unwindTables;
    private readonly OpenArtifacts<OpenCode> _code;

    public CachingObjectStore(
        ArtifactCache cache, ObjectFetcher fetcher, BuildBudget budget, ICpuScheduler cpu, ParseLimits limits, DiskCache disk,
        CacheOptions options, WorkLifetime lifetime, TimeProvider time, ServiceMetrics metrics)
    {
        _cache = cache;
        _fetcher = fetcher;
        _budget = budget;
        _cpu = cpu;
        _limits = limits;
        _disk = disk;
        _time = time;
        _metrics = metrics;
        _answers = new MemoryCache(new MemoryCacheOptions { SizeLimit = options.ObjectMetaBytes });
        _symCaches = new OpenArtifacts<SymCacheFile>(CacheName.SymCaches.Name, options.SymCacheBytes, time, lifetime, metrics);
        _unwindTables = new OpenArtifacts<OpenUnwindTable>(CacheName.UnwindTables, options.UnwindTableBytes, time, lifetime, metrics);
        _code = new OpenArtifacts<OpenCode>(CacheName.Code, CodeFiles * EntryBytes, time, lifetime, metrics);
    }

    public async Task<StoredObject> GetObjectAsync(
        ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CancellationToken ct)
    {
        var key = ObjectKeys.Object(source, location, query, scope);
        if (_answers.TryGetValue(key.Id, out CacheAnswer? known) && !(_cache.ExpiresAt(key, known!) <= _time.GetUtcNow()))
        {
            _metrics.CacheLookup(key.Cache.Name, AnswerOrigin.Memory, known!.Status);
            return Describe(source, location, query, scope, known with { From = AnswerOrigin.Memory });
        }

        using var entry = await LeaseObjectAsync(source, location, query, scope, ct);
        Remember(key, entry.Answer);
        return Describe(source, location, query, scope, entry.Answer);
    }

    public async Task<DerivedLease<SymCacheFile>> GetSymCacheAsync(StoredObject stored, CancellationToken ct)
    {
        var key = ObjectKeys.SymCache(stored);
        using var outcome = await _symCaches.GetAsync(key.Id, t => OpenSymCacheAsync(key, stored, t), ct);
        return Lease(outcome, SymCacheArtifact, CacheName.SymCaches.Name, cache => cache);
    }

    public async Task<DerivedLease<IUnwindTable>> GetUnwindTableAsync(StoredObject stored, CancellationToken ct)
    {
        var key = ObjectKeys.Object(stored.Source, stored.Location, stored.Query, stored.Scope);
        using var outcome = await _unwindTables.GetAsync(key.Id, t => OpenUnwindTableAsync(stored, t), ct);
        return Lease(outcome, UnwindArtifact, CacheName.UnwindTables, open => open.Table);
    }

    public async Task<DerivedLease<ICodeView>> GetCodeAsync(StoredObject stored, CancellationToken ct)
    {
        var key = ObjectKeys.Object(stored.Source, stored.Location, stored.Query, stored.Scope);
        using var outcome = await _code.GetAsync(key.Id, t => OpenCodeAsync(stored, t), ct);
        return Lease(outcome, CodeArtifact, CacheName.Code, open => open.Code);
    }

    public void Dispose()
    {
        _answers.Dispose();
        _symCaches.Dispose();
        _unwindTables.Dispose();
        _code.Dispose();
    }

    private Task<CacheEntry> LeaseObjectAsync(
        ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CancellationToken ct) =>
        _cache.GetOrBuildAsync(
            ObjectKeys.Object(source, location, query, scope),
            (output, t) => _fetcher.FetchAsync(source, location, query, output, t),
            ct);

    private Task<CacheEntry> LeaseObjectAsync(StoredObject stored, CancellationToken ct) =>
        LeaseObjectAsync(stored.Source, stored.Location, stored.Query, stored.Scope, ct);

    private void Remember(CacheKey key, CacheAnswer answer)
    {
        if (answer.Status != ObjectStatus.Internal)
        {
            using var entry = _answers.CreateEntry(key.Id);
            entry.Value = answer;
            entry.Size = EntryBytes + (2 * ((answer.Facts?.Length ?? 0) + (answer.Detail?.Length ?? 0)));
        }
    }

    private static StoredObject Describe(
        ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CacheAnswer answer)
    {
        var facts = ObjectFacts.Parse(answer.Facts);
        List<LookupStep> steps =
        [
            new LookupStep.Asked(source.Id, location.Uri),
            new LookupStep.Answered(answer.From, answer.Status, answer.HttpStatus, answer.Detail),
        ];
        facts.AddSteps(steps, fetchedNow: answer.From == AnswerOrigin.Source);
        var features = answer.Status == ObjectStatus.Found ? facts.Features : ObjectFeatures.None;
        return new StoredObject(source, location, scope, query, answer.Status, answer.Detail, features, steps)
        {
            Identity = answer.Status == ObjectStatus.Found ? facts.Identity : null,
        };
    }

    private async Task<OpenOutcome<SymCacheFile>> OpenSymCacheAsync(CacheKey key, StoredObject stored, CancellationToken ct)
    {
        // A second time when the file on disk turns out to be damaged.
        for (int attempt = 0; ; attempt++)
        {
            using var entry = await _cache.GetOrBuildAsync(key, (output, t) => BuildSymCacheAsync(stored, output, t), ct);
            if (entry.Bytes is null)
            {
                return new OpenOutcome<SymCacheFile>(entry.Answer, null);
            }

            try
            {
                var opened = SymCacheFile.Open(entry.Bytes.Retain());
                return new OpenOutcome<SymCacheFile>(entry.Answer, _symCaches.Track(opened, entry.Bytes.Length));
            }
            catch (MalformedFileException e)
            {
                _cache.Invalidate(key);
                if (attempt > 0)
                {
                    return new OpenOutcome<SymCacheFile>(entry.Answer with { Status = ObjectStatus.Internal, Detail = e.Message }, null);
                }
            }
        }
    }

    private async Task<BuildOutcome> BuildSymCacheAsync(StoredObject stored, CacheOutput output, CancellationToken ct)
    {
        using var source = await LeaseObjectAsync(stored, ct);
        if (source.Bytes is null)
        {
            return new BuildOutcome(source.Answer.Status, source.Answer.Detail, source.Answer.HttpStatus);
        }

        using var admitted = await _budget.EnterAsync(source.Bytes.Length, ct);
        long started = _time.GetTimestamp();
        var status = ObjectStatus.Malformed;
        try
        {
            var facts = await _cpu.RunAsync(CpuLane.Build, t => BuildSymCache(source, output, t), ct);
            status = ObjectStatus.Found;
            return new BuildOutcome(status, Facts: facts.ToJson());
        }
        catch (MalformedFileException e)
        {
            _metrics.Fault(e.Format.ToString(), e.Fault.Reason.ToString());
            var facts = new DerivedFacts(source.Bytes.Length, 0, _time.GetElapsedTime(started).TotalSeconds).With(e);
            return new BuildOutcome(status, e.Message, Facts: facts.ToJson());
        }
        finally
        {
            _metrics.Built(SymCacheArtifact, status, _time.GetElapsedTime(started), source.Bytes.Length, output.Length);
        }
    }

    private DerivedFacts BuildSymCache(CacheEntry source, CacheOutput output, CancellationToken ct)
    {
        using var file = OpenObject(source);
        var options = SymCacheOptions.Default with { SourceSize = source.Bytes!.Length, SpillDirectory = _disk.TemporaryDirectory };
        long started = _time.GetTimestamp();
        SymCacheBuilder.Build(file, output, options, _limits, ct);
        return new DerivedFacts(source.Bytes.Length, output.Length, _time.GetElapsedTime(started).TotalSeconds).With(file);
    }

    private async Task<OpenOutcome<OpenUnwindTable>> OpenUnwindTableAsync(StoredObject stored, CancellationToken ct)
    {
        using var source = await LeaseObjectAsync(stored, ct);
        if (source.Bytes is null)
        {
            return new OpenOutcome<OpenUnwindTable>(source.Answer, null);
        }

        using var admitted = await _budget.EnterAsync(source.Bytes.Length, ct);
        return await _cpu.RunAsync(CpuLane.Build, _ => ReadUnwindTable(source), ct);
    }

    private OpenOutcome<OpenUnwindTable> ReadUnwindTable(CacheEntry source)
    {
        long started = _time.GetTimestamp();
        IObjectFile? file = null;
        try
        {
            file = OpenObject(source);
            if (file.OpenUnwindTable() is not { } table)
            {
                file.Dispose();
                return new OpenOutcome<OpenUnwindTable>(
                    source.Answer with { Status = ObjectStatus.NotFound, Detail = "the file holds no unwind information", Facts = null }, null);
            }

            var elapsed = _time.GetElapsedTime(started);
            _metrics.Built(UnwindArtifact, ObjectStatus.Found, elapsed, source.Bytes!.Length, table.EstimatedBytes);
            var facts = new DerivedFacts(source.Bytes.Length, table.EstimatedBytes, elapsed.TotalSeconds).With(file);
            var answer = source.Answer with { From = AnswerOrigin.Source, Facts = facts.ToJson() };
            return new OpenOutcome<OpenUnwindTable>(
                answer, _unwindTables.Track(new OpenUnwindTable(table, file), EntryBytes + table.EstimatedBytes));
        }
        catch (MalformedFileException e)
        {
            file?.Dispose();
            _metrics.Fault(e.Format.ToString(), e.Fault.Reason.ToString());
            return new OpenOutcome<OpenUnwindTable>(
                source.Answer with { Status = ObjectStatus.Malformed, Detail = e.Message, Facts = new DerivedFacts(source.Bytes!.Length, 0, 0).With(e).ToJson() },
                null);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    private async Task<OpenOutcome<OpenCode>> OpenCodeAsync(StoredObject stored, CancellationToken ct)
    {
        using var source = await LeaseObjectAsync(stored, ct);
        return source.Bytes is null
            ? new OpenOutcome<OpenCode>(source.Answer, null)
            : await _cpu.RunAsync(CpuLane.Quick, _ => ReadCode(source), ct);
    }

    private OpenOutcome<OpenCode> ReadCode(CacheEntry source)
    {
        try
        {
            var file = OpenObject(source);
            if (file.OpenCode() is { } code)
            {
                return new OpenOutcome<OpenCode>(source.Answer, _code.Track(new OpenCode(code, file), EntryBytes));
            }

            file.Dispose();
            return new OpenOutcome<OpenCode>(source.Answer with { Status = ObjectStatus.NotFound, Detail = "the file holds no code", Facts = null }, null);
        }
        catch (MalformedFileException e)
        {
            return new OpenOutcome<OpenCode>(source.Answer with { Status = ObjectStatus.Malformed, Detail = e.Message, Facts = null }, null);
        }
    }

    /// <summary>The object of the file that was identified when it was fetched.</summary>
    private IObjectFile OpenObject(CacheEntry source)
    {
        var objects = ObjectFormats.Open(source.Bytes!, _limits);
        int index = ObjectFacts.Parse(source.Answer.Facts).Index;
        for (int i = 0; i < objects.Count; i++)
        {
            if (i != index)
            {
                objects[i].Dispose();
            }
        }

        return (uint)index < (uint)objects.Count
            ? objects[index]
            : throw new MalformedFileException(FileFormat.Unknown, new ParseFault(MalformedReason.BadValue, 0), "fewer objects than before");
    }

    private DerivedLease<TView> Lease<T, TView>(OpenOutcome<T> outcome, string artifact, string cache, Func<T, TView> view)
        where T : class, IDisposable
        where TView : class
    {
        var facts = DerivedFacts.Parse(outcome.Answer.Facts);
        List<LookupStep> steps =
        [
            outcome.Answer.From == AnswerOrigin.Source && outcome.Artifact is not null
                ? facts.Converted(artifact)
                : new LookupStep.Answered(outcome.Answer.From, outcome.Answer.Status, null, outcome.Answer.Detail),
        ];
        if (facts.Parsed() is { } fault)
        {
            steps.Add(fault);
        }

        var share = outcome.Artifact?.Share();
        if (share is null)
        {
            return new DerivedLease<TView>(outcome.Answer.Status, outcome.Answer.Detail, null, steps, null);
        }

        _metrics.Leases(cache, 1);
        return new DerivedLease<TView>(ObjectStatus.Found, null, view(share.Value), steps, new CountedLease(share, () => _metrics.Leases(cache, -1)));
    }

    private sealed class CountedLease(IDisposable share, Action released) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                share.Dispose();
                released();
            }
        }
    }
}
