using System.Text.Json.Serialization;
using Symbolicator.Engine.Objects;

namespace Symbolicator.Service.Caching;

/// <summary>What lies beside a cached file.</summary>
/// <param name="Key">The text of the key, for people.</param>
/// <param name="Scope">Null for the global scope.</param>
/// <param name="TimeCreated">Unix seconds.</param>
/// <param name="Length">Bytes of the cached file.</param>
/// <param name="Crc32C">Of the cached file.</param>
/// <param name="Facts">What the builder wants to remember; JSON.</param>
internal sealed record CacheSidecar(string Key, string? Scope, long TimeCreated, long Length, uint Crc32C, string? Facts)
{
    /// <summary>False when its time is none; the time of a clock that was wrong is good enough.</summary>
    public bool IsPlausible => TimeCreated >= 0 && TimeCreated <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
}

/// <summary>A remembered failure. A file of its own, so that no content can ever be mistaken for one.</summary>
internal sealed record NegativeEntry(
    string Key, string? Scope, bool IsPublic, long TimeCreated, ObjectStatus Status, string? Detail, int? HttpStatus, string? Facts)
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>
    /// False when it is damaged, or was written while the clock ran ahead: it would be believed until the clock has
    /// caught up.
    /// </summary>
    public bool IsPlausible(DateTimeOffset now) =>
        TimeCreated >= 0 && TimeCreated <= (now + ClockTolerance).ToUnixTimeSeconds()
        && Enum.IsDefined(Status) && NegativeLifetime.IsPersisted(Status);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(CacheSidecar))]
[JsonSerializable(typeof(NegativeEntry))]
internal sealed partial class CacheJsonContext : JsonSerializerContext;
