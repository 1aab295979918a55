using System.Collections.Concurrent;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Hosting;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Caching;

/// <summary>Makes a file that is not cached. Expected failures are values; <see cref="MalformedFileException"/> is one too.</summary>
internal delegate Task<BuildOutcome> ArtifactBuilder(CacheOutput output, CancellationToken ct);

/// <summary>
/// Cached files and remembered failures: disk, one build per key, atomic publication. A full or broken disk costs
/// the caching, never the answer.
/// </summary>
internal sealed class ArtifactCache
{
    /// <summary>A file larger than this is not kept in memory when the disk is full.</summary>
    private const long MemoryFallbackBytes = 512L << 20;

    /// <summary>Entries known to be intact; beyond this they are verified again.</summary>
    private const int MaxVerified = 100_000;

    private readonly DiskCache _disk;
    private readonly CacheOptions _options;
    private readonly ICpuScheduler _cpu;
    private readonly TimeProvider _time;
    private readonly ServiceMetrics _metrics;
    private readonly ILogger<ArtifactCache> _log;
    private readonly InFlight<CacheEntry> _flights;
    private readonly DateTimeOffset _processStart;

    // Checksums are verified once per process and entry; a file that is damaged under our feet is beyond help.
    private readonly ConcurrentDictionary<string, byte> _verified = new(StringComparer.Ordinal);

    public ArtifactCache(
        DiskCache disk, CacheOptions options, ICpuScheduler cpu, TimeProvider time, ServiceMetrics metrics, WorkLifetime lifetime,
        ILogger<ArtifactCache> log)
    {
        _disk = disk;
        _options = options;
        _cpu = cpu;
        _time = time;
        _metrics = metrics;
        _log = log;
        _flights = new InFlight<CacheEntry>(time, lifetime.MaxWork, lifetime.Stopping);
        _processStart = time.GetUtcNow();
    }

    /// <summary>The cached file, a remembered failure, or what <paramref name="build"/> makes. Dispose the entry.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; the build goes on.</exception>
    public Task<CacheEntry> GetOrBuildAsync(CacheKey key, ArtifactBuilder build, CancellationToken ct) =>
        _flights.GetAsync(key.Id, lifetime => FindOrBuildAsync(key, build, lifetime), ct);

    /// <summary>A place to write to, for builders that need a second one. Dispose it unless it is handed over as the content.</summary>
    public CacheOutput NewOutput() => new(_disk.NewTemporaryPath(), MemoryFallbackBytes);

    /// <summary>Forgets an entry that turned out to be unusable.</summary>
    public void Invalidate(CacheKey key)
    {
        _disk.Delete(key);
        _verified.TryRemove(key.Id, out _);
        Log.CacheEntryDropped(_log, key.Cache.Name, key.Hash);
    }

    /// <summary>When a failure stops being believed; null for never.</summary>
    public DateTimeOffset? ExpiresAt(CacheKey key, CacheAnswer answer) =>
        answer.Status == ObjectStatus.Found
            ? null
            : NegativeLifetime.ExpiresAt(answer.Status, key.IsPublic, answer.Created, AgesOf(key), _processStart);

    private CacheAges AgesOf(CacheKey key) => key.Cache.IsDerived ? _options.Derived : _options.Downloaded;

    private async Task<CacheEntry> FindOrBuildAsync(CacheKey key, ArtifactBuilder build, CancellationToken ct)
    {
        var entry = await TryFindAsync(key, ct) ?? await BuildAsync(key, build, ct);
        _metrics.CacheLookup(key.Cache.Name, entry.Answer.From, entry.Answer.Status);
        return entry;
    }

    private async Task<CacheEntry?> TryFindAsync(CacheKey key, CancellationToken ct)
    {
        if (_disk.TryOpen(key) is var (sidecar, bytes))
        {
            if (await IsIntactAsync(key, sidecar, bytes, ct))
            {
                var created = DateTimeOffset.FromUnixTimeSeconds(sidecar.TimeCreated);
                return new CacheEntry(new CacheAnswer(ObjectStatus.Found, null, null, sidecar.Facts, AnswerOrigin.Disk, created), bytes);
            }

            bytes.Dispose();
            Invalidate(key);
            return null;
        }

        if (_disk.TryReadNegative(key) is not { } miss)
        {
            return null;
        }

        var since = DateTimeOffset.FromUnixTimeSeconds(miss.TimeCreated);
        var answer = new CacheAnswer(miss.Status, miss.Detail, miss.HttpStatus, miss.Facts, AnswerOrigin.Disk, since);
        return ExpiresAt(key, answer) <= _time.GetUtcNow() ? null : new CacheEntry(answer, null);
    }

    private async Task<bool> IsIntactAsync(CacheKey key, CacheSidecar sidecar, FileBytes bytes, CancellationToken ct)
    {
        if (_verified.ContainsKey(key.Id))
        {
            return true;
        }

        try
        {
            if (await _cpu.RunAsync(CpuLane.Build, t => FileChecksum.Of(bytes, t), ct) != sidecar.Crc32C)
            {
                return false;
            }
        }
        catch
        {
            bytes.Dispose();
            throw;
        }

        MarkVerified(key);
        return true;
    }

    private async Task<CacheEntry> BuildAsync(CacheKey key, ArtifactBuilder build, CancellationToken ct)
    {
        using var output = NewOutput();
        CacheOutput? content = null;
        try
        {
            var outcome = await RunAsync(key, build, output, ct);
            content = outcome.Content;
            var answer = new CacheAnswer(
                outcome.Status, outcome.Detail, outcome.HttpStatus, outcome.Facts, AnswerOrigin.Source, _time.GetUtcNow());
            return outcome.Status == ObjectStatus.Found
                ? await PublishAsync(key, content ?? output, answer, ct)
                : PublishNegative(key, answer);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // The built file is gone or cannot be mapped: one file less, not one job less.
            Log.BuildFailed(_log, e, key.Cache.Name, key.Hash);
            var answer = new CacheAnswer(ObjectStatus.Internal, "internal error", null, null, AnswerOrigin.Source, _time.GetUtcNow());
            return new CacheEntry(answer, null);
        }
        finally
        {
            output.DeleteTemporary();
            content?.DeleteTemporary();
            content?.Dispose();
        }
    }

    private async Task<BuildOutcome> RunAsync(CacheKey key, ArtifactBuilder build, CacheOutput output, CancellationToken ct)
    {
        try
        {
            return await build(output, ct);
        }
        catch (MalformedFileException e)
        {
            _metrics.Fault(e.Format.ToString(), e.Fault.Reason.ToString());
            return new BuildOutcome(ObjectStatus.Malformed, e.Message);
        }
        catch (IOException e) when (CacheOutput.IsFull(e))
        {
            Log.DiskFull(_log, key.Cache.Name);
            return new BuildOutcome(ObjectStatus.Internal, "no space left in the cache directory");
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Log.BuildFailed(_log, e, key.Cache.Name, key.Hash);
            return new BuildOutcome(ObjectStatus.Internal, "internal error");
        }
    }

    private async Task<CacheEntry> PublishAsync(CacheKey key, CacheOutput output, CacheAnswer answer, CancellationToken ct)
    {
        bool durable = output.TrySync();
        var bytes = output.Open();
        try
        {
            if (durable)
            {
                uint crc = await _cpu.RunAsync(CpuLane.Build, t => FileChecksum.Of(bytes, t), ct);
                _disk.Publish(key, output.TempPath!, new CacheSidecar(
                    key.Text, key.Scope, answer.Created.ToUnixTimeSeconds(), bytes.Length, crc, answer.Facts));
                MarkVerified(key);
            }
            else
            {
                NotCached(key, null);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotCached(key, e);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }

        return new CacheEntry(answer, bytes);
    }

    private CacheEntry PublishNegative(CacheKey key, CacheAnswer answer)
    {
        if (NegativeLifetime.IsPersisted(answer.Status))
        {
            try
            {
                _disk.PublishNegative(key, new NegativeEntry(
                    key.Text, key.Scope, key.IsPublic, answer.Created.ToUnixTimeSeconds(), answer.Status, answer.Detail, answer.HttpStatus, answer.Facts));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                NotCached(key, e);
            }
        }

        return new CacheEntry(answer, null);
    }

    private void MarkVerified(CacheKey key)
    {
        if (_verified.Count >= MaxVerified)
        {
            _verified.Clear();
        }

        _verified.TryAdd(key.Id, 0);
    }

    private void NotCached(CacheKey key, Exception? reason)
    {
        _metrics.ServedUncached(key.Cache.Name);
        Log.NotCached(_log, reason, key.Cache.Name);
    }
}
