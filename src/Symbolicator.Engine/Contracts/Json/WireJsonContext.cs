using System.Text.Json.Serialization;
using Symbolicator.Engine.Sources;

namespace Symbolicator.Engine.Contracts.Json;

/// <summary>All requests and responses: snake case, absent instead of null, unknown members ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowOutOfOrderMetadataProperties = true,
    Converters = [typeof(AddrModeConverter), typeof(LanguageConverter), typeof(FileTypeConverter)])]
[JsonSerializable(typeof(SymbolicateRequest))]
[JsonSerializable(typeof(SymbolicationResponse))]
[JsonSerializable(typeof(RequestOptions))]
[JsonSerializable(typeof(ScrapingOptions))]
[JsonSerializable(typeof(IReadOnlyList<SourceConfig>))]
[JsonSerializable(typeof(IReadOnlyList<RewriteRule>))]
[JsonSerializable(typeof(SourceConfig))]
[JsonSerializable(typeof(string))]
public sealed partial class WireJsonContext : JsonSerializerContext;
