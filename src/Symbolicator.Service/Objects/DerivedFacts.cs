using System.Text.Json;
using System.Text.Json.Serialization;
using Symbolicator.Engine.Trail;

namespace Symbolicator.Service.Objects;

/// <summary>What a conversion cost.</summary>
internal sealed record DerivedFacts(long BytesIn, long BytesOut, double Seconds)
{
    public string ToJson() => JsonSerializer.Serialize(this, DerivedJsonContext.Default.DerivedFacts);

    public static DerivedFacts Parse(string? json)
    {
        try
        {
            return (json is null ? null : JsonSerializer.Deserialize(json, DerivedJsonContext.Default.DerivedFacts)) ?? new DerivedFacts(0, 0, 0);
        }
        catch (JsonException)
        {
            return new DerivedFacts(0, 0, 0);
        }
    }

    public LookupStep ToStep(string artifact) => new LookupStep.Converted(artifact, BytesIn, BytesOut, TimeSpan.FromSeconds(Seconds));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DerivedFacts))]
internal sealed partial class DerivedJsonContext : JsonSerializerContext;
