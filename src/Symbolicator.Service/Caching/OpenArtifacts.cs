using Microsoft.Extensions.Caching.Memory;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Trail;
using Symbolicator.Service.Hosting;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Caching;

/// <summary>An open artifact, or why there is none.</summary>
internal sealed class OpenOutcome<T>(CacheAnswer answer, Shared<T>? artifact) : IShared<OpenOutcome<T>>
    where T : class, IDisposable
{
    public CacheAnswer Answer { get; } = answer;

    /// <summary>Null unless the status is found.</summary>
    public Shared<T>? Artifact { get; } = artifact;

    public OpenOutcome<T> Share() => new(Answer, Artifact?.Share());

    public void Dispose() => Artifact?.Dispose();
}

/// <summary>
/// Open artifacts of one kind, bounded by their bytes. What is evicted is closed when its last reader has gone.
/// </summary>
internal sealed class OpenArtifacts<T> : IDisposable
    where T : class, IDisposable
{
    private readonly string _name;
    private readonly MemoryCache _memory;
    private readonly InFlight<OpenOutcome<T>> _flights;
    private readonly ServiceMetrics _metrics;

    public OpenArtifacts(string name, long capacity, TimeProvider time, WorkLifetime lifetime, ServiceMetrics metrics)
    {
        _name = name;
        _metrics = metrics;
        _memory = new MemoryCache(new MemoryCacheOptions { SizeLimit = capacity });
        _flights = new InFlight<OpenOutcome<T>>(time, lifetime.MaxWork, lifetime.Stopping);
    }

    /// <summary>The open artifact of a key, or what <paramref name="open"/> makes. Dispose the outcome.</summary>
    public async Task<OpenOutcome<T>> GetAsync(string key, Func<CancellationToken, Task<OpenOutcome<T>>> open, CancellationToken ct)
    {
        if (_memory.TryGetValue(key, out Cached? cached) && cached!.Artifact.TryShare() is { } share)
        {
            _metrics.CacheLookup(_name, AnswerOrigin.Memory, ObjectStatus.Found);
            return new OpenOutcome<T>(cached.Answer, share);
        }

        return await _flights.GetAsync(key, lifetime => OpenAsync(key, open, lifetime), ct);
    }

    /// <summary>A share that is counted as mapped until it is closed.</summary>
    public Shared<T> Track(T value, long size)
    {
        _metrics.Mapped(_name, size);
        return new Shared<T>(value, size, released => _metrics.Mapped(_name, -released));
    }

    public void Dispose() => _memory.Dispose();

    private async Task<OpenOutcome<T>> OpenAsync(string key, Func<CancellationToken, Task<OpenOutcome<T>>> open, CancellationToken ct)
    {
        var outcome = await open(ct);
        if (outcome.Artifact is { } artifact)
        {
            var cached = new Cached(artifact.Share(), outcome.Answer with { From = AnswerOrigin.Memory });
            using var entry = _memory.CreateEntry(key);
            entry.Value = cached;
            entry.Size = Math.Max(1, artifact.Size);

            // Also called when there is no room for it.
            entry.RegisterPostEvictionCallback(static (_, value, _, _) => ((Cached)value!).Artifact.Dispose());
        }

        return outcome;
    }

    private sealed record Cached(Shared<T> Artifact, CacheAnswer Answer);
}
