namespace Symbolicator.Engine.Sources;

/// <summary>Where debug files come from. Immutable, safe to use from several threads.</summary>
public interface ISymbolSource
{
    /// <summary>Id from the configuration; identity in caches and in answers.</summary>
    string Id { get; }

    /// <summary>Its files may be cached for all scopes.</summary>
    bool IsPublic { get; }

    /// <summary>Pure: where this object would be, highest priority first; empty when filters or layout exclude it. No IO.</summary>
    IReadOnlyList<ObjectLocation> Locate(ObjectQuery query);

    /// <summary>
    /// Streams the raw file to <paramref name="destination"/>. Expected failures are values; only bugs and cancellation throw.
    /// </summary>
    Task<FetchOutcome> FetchAsync(ObjectLocation location, Stream destination, CancellationToken ct);
}

/// <summary>A place in a source.</summary>
/// <param name="Path">Path relative to the root of the source, with forward slashes.</param>
/// <param name="Uri">As shown in answers and used in cache keys.</param>
/// <param name="FileType">The type it was generated for.</param>
/// <param name="Checksum">Sent along to servers that want it.</param>
public sealed record ObjectLocation(string Path, string Uri, FileType FileType, string? Checksum = null);

/// <summary>How a fetch ended.</summary>
public enum FetchStatus : byte
{
    Found,
    NotFound,
    Denied,
    TimedOut,
    Failed,
    TooLarge,

    /// <summary>This version cannot ask sources of this kind. Never cached.</summary>
    Unsupported,
}

/// <summary>Result of one fetch.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Bytes">Bytes written to the destination.</param>
/// <param name="HttpStatus">Status of the last answer, null when there was none.</param>
/// <param name="Detail">For people: <c>403 Forbidden</c>, <c>download timed out after 200ms</c>; holds no secret.</param>
/// <param name="Attempts">How often the source was asked.</param>
public readonly record struct FetchOutcome(
    FetchStatus Status, long Bytes = 0, int? HttpStatus = null, string? Detail = null, int Attempts = 1);
