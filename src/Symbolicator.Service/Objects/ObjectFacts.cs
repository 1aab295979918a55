using System.Text.Json;
using System.Text.Json.Serialization;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Service.Objects;

/// <summary>What was found out while a debug file was fetched; kept beside it, so that later answers can tell too.</summary>
internal sealed record ObjectFacts
{
    /// <summary>Bytes that the source sent.</summary>
    public long Bytes { get; init; }

    public double FetchSeconds { get; init; }

    /// <summary>How often the source was asked.</summary>
    public int Attempts { get; init; }

    /// <summary>Null when it came as it is.</summary>
    public string? Compression { get; init; }

    public long UnpackedBytes { get; init; }

    public string? UnpackError { get; init; }

    /// <summary>Null when it could not be opened.</summary>
    public FileFormat? Format { get; init; }

    public string? DebugId { get; init; }

    public string? CodeId { get; init; }

    public Arch Arch { get; init; }

    public string? Name { get; init; }

    public ObjectShortcoming Shortcoming { get; init; }

    public ObjectFeatures Features { get; init; }

    /// <summary>Which object of the file.</summary>
    public int Index { get; init; }

    /// <summary>The identity is the one that was asked for.</summary>
    public bool Matches { get; init; }

    /// <summary>Why it could not be opened.</summary>
    public MalformedReason? FaultReason { get; init; }

    public long FaultOffset { get; init; }

    /// <summary>What the file says of itself; null when it could not be opened.</summary>
    [JsonIgnore]
    public ObjectIdentity? Identity
    {
        get => Format is { } format && FaultReason is null
            ? new ObjectIdentity(format, Arch, Formats.Model.DebugId.Parse(DebugId), Formats.Model.CodeId.Parse(CodeId), Name)
            {
                Shortcoming = Shortcoming,
            }
            : null;
        init => (Format, Arch, DebugId, CodeId, Name, Shortcoming) =
            (value?.Format, value?.Arch ?? Arch.Unknown, value?.DebugId?.ToString(), value?.CodeId?.Hex, value?.Name,
            value?.Shortcoming ?? ObjectShortcoming.None);
    }

    public string ToJson() => JsonSerializer.Serialize(this, ObjectJsonContext.Default.ObjectFacts);

    public static ObjectFacts Parse(string? json)
    {
        try
        {
            return json is null ? new ObjectFacts() : JsonSerializer.Deserialize(json, ObjectJsonContext.Default.ObjectFacts) ?? new ObjectFacts();
        }
        catch (JsonException)
        {
            return new ObjectFacts();
        }
    }

    /// <summary>The facts as steps of the trail.</summary>
    public void AddSteps(List<LookupStep> steps, bool fetchedNow)
    {
        if (fetchedNow && Attempts > 0)
        {
            steps.Add(new LookupStep.Fetched(Bytes, TimeSpan.FromSeconds(FetchSeconds), Attempts));
        }

        if (Compression is not null)
        {
            steps.Add(new LookupStep.Unpacked(Compression, Bytes, UnpackedBytes, UnpackError));
        }

        if (FaultReason is { } reason)
        {
            steps.Add(new LookupStep.Parsed(Format ?? FileFormat.Unknown, new ParseFault(reason, FaultOffset), "file", 1));
        }
        else if (Identity is { } identity)
        {
            steps.Add(new LookupStep.Identified(identity, Features, Matches));
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ObjectFacts))]
internal sealed partial class ObjectJsonContext : JsonSerializerContext;
