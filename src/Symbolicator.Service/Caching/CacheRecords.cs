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
internal sealed record CacheSidecar(string Key, string? Scope, long TimeCreated, long Length, uint Crc32C, string? Facts);

/// <summary>A remembered failure. A file of its own, so that no content can ever be mistaken for one.</summary>
internal sealed record NegativeEntry(
    string Key, string? Scope, bool IsPublic, long TimeCreated, ObjectStatus Status, string? Detail, int? HttpStatus, string? Facts);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(CacheSidecar))]
[JsonSerializable(typeof(NegativeEntry))]
internal sealed partial class CacheJsonContext : JsonSerializerContext;
