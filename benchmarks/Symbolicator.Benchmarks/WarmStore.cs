using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Benchmarks;

/// <summary>Keeps everything that another store gave, as a service does whose caches are warm.</summary>
internal sealed class WarmStore(IObjectStore inner) : IObjectStore
{
    private readonly Dictionary<string, Task<StoredObject>> _objects = [];
    private readonly Dictionary<string, Task<DerivedLease<SymCacheFile>>> _caches = [];
    private readonly Dictionary<string, Task<DerivedLease<IUnwindTable>>> _tables = [];
    private readonly Dictionary<string, Task<DerivedLease<ICodeView>>> _code = [];

    public Task<StoredObject> GetObjectAsync(
        ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CancellationToken ct) =>
        Keep(_objects, $"{location.Uri} {query.DebugId}", () => inner.GetObjectAsync(source, location, query, scope, ct));

    public async Task<DerivedLease<SymCacheFile>> GetSymCacheAsync(StoredObject stored, CancellationToken ct) =>
        Shared(await Keep(_caches, stored.Location.Uri, () => inner.GetSymCacheAsync(stored, ct)));

    public async Task<DerivedLease<IUnwindTable>> GetUnwindTableAsync(StoredObject stored, CancellationToken ct) =>
        Shared(await Keep(_tables, stored.Location.Uri, () => inner.GetUnwindTableAsync(stored, ct)));

    public async Task<DerivedLease<ICodeView>> GetCodeAsync(StoredObject stored, CancellationToken ct) =>
        Shared(await Keep(_code, stored.Location.Uri, () => inner.GetCodeAsync(stored, ct)));

    private static DerivedLease<T> Shared<T>(DerivedLease<T> kept)
        where T : class => new(kept.Status, kept.Detail, kept.Value, kept.Steps, lease: null);

    private static Task<T> Keep<T>(Dictionary<string, Task<T>> kept, string key, Func<Task<T>> get)
    {
        lock (kept)
        {
            return kept.TryGetValue(key, out var known) ? known : kept[key] = get();
        }
    }
}
