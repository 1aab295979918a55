using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Engine.Objects;

/// <summary>
/// Debug files and what is derived from them: fetched, decompressed, identified, converted, cached. The service has
/// one with caches, the command line one without. Expected failures are values with a status.
/// </summary>
public interface IObjectStore
{
    /// <summary>Fetches the file unless it is cached and reads its headers.</summary>
    Task<StoredObject> GetObjectAsync(ISymbolSource source, ObjectLocation location, ObjectQuery query, string? scope, CancellationToken ct);

    /// <summary>The symcache of an object that was found. Dispose the lease.</summary>
    Task<DerivedLease<SymCacheFile>> GetSymCacheAsync(StoredObject stored, CancellationToken ct);

    /// <summary>The unwind table of an object that was found. Dispose the lease.</summary>
    Task<DerivedLease<IUnwindTable>> GetUnwindTableAsync(StoredObject stored, CancellationToken ct);

    /// <summary>The machine code of an object that was found. Dispose the lease.</summary>
    Task<DerivedLease<ICodeView>> GetCodeAsync(StoredObject stored, CancellationToken ct);
}

/// <summary>What is known of one file at one location. Holds no lease.</summary>
/// <param name="Source">Where it was looked for.</param>
/// <param name="Location">The place.</param>
/// <param name="Scope">Cache scope of the request, null for the global one.</param>
/// <param name="Query">What was asked for.</param>
/// <param name="Status">Found, or why not.</param>
/// <param name="Detail">For people; holds no secret.</param>
/// <param name="Features">Of the file, when found.</param>
/// <param name="Steps">What was done to get it: asked, answered, fetched, unpacked, identified.</param>
public sealed record StoredObject(
    ISymbolSource Source,
    ObjectLocation Location,
    string? Scope,
    ObjectQuery Query,
    ObjectStatus Status,
    string? Detail,
    ObjectFeatures Features,
    IReadOnlyList<LookupStep> Steps)
{
    /// <summary>What the file says of itself; null unless found.</summary>
    public ObjectIdentity? Identity { get; init; }

    /// <summary>The UUID is the one asked for, the age is not.</summary>
    public bool IsOfAnotherAge => Identity is { } identity && ObjectMatch.IsOfAnotherAge(Query, identity.DebugId, identity.CodeId);
}

/// <summary>A derived artifact, leased: usable until disposed.</summary>
public sealed class DerivedLease<T>(ObjectStatus status, string? detail, T? value, IReadOnlyList<LookupStep> steps, IDisposable? lease)
    : IDisposable
    where T : class
{
    public ObjectStatus Status { get; } = status;

    /// <summary>For people; holds no secret.</summary>
    public string? Detail { get; } = detail;

    /// <summary>Null unless the status is found.</summary>
    public T? Value { get; } = value;

    public IReadOnlyList<LookupStep> Steps { get; } = steps;

    public void Dispose() => lease?.Dispose();
}
