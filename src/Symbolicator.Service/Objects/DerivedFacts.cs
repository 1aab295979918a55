using System.Text.Json;
using System.Text.Json.Serialization;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Service.Objects;

/// <summary>What a conversion cost and what it skipped.</summary>
internal sealed record DerivedFacts(long BytesIn, long BytesOut, double Seconds)
{
    /// <summary>Of the file that was read.</summary>
    public FileFormat Format { get; init; }

    /// <summary>Records that were skipped.</summary>
    public long Faults { get; init; }

    public MalformedReason FirstFault { get; init; }

    public long FirstFaultOffset { get; init; }

    /// <summary>The kind of record or section of the first fault.</summary>
    public string? FirstFaultIn { get; init; }

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

    /// <summary>With what a reader skipped.</summary>
    public DerivedFacts With(IObjectFile file) => file.Faults.First is [var first, ..]
        ? With(file.Format, first.Fault, first.What, file.Faults.Total)
        : this;

    /// <summary>With why a reader gave up.</summary>
    public DerivedFacts With(MalformedFileException e) => With(e.Format, e.Fault, "file", 1);

    public LookupStep Converted(string artifact) => new LookupStep.Converted(artifact, BytesIn, BytesOut, TimeSpan.FromSeconds(Seconds));

    /// <summary>Null when nothing was skipped.</summary>
    public LookupStep? Parsed() => Faults == 0 ? null
        : new LookupStep.Parsed(Format, new ParseFault(FirstFault, FirstFaultOffset), FirstFaultIn ?? "file", Faults);

    private DerivedFacts With(FileFormat format, ParseFault fault, string what, long count) => this with
    {
        Format = format,
        Faults = count,
        FirstFault = fault.Reason,
        FirstFaultOffset = fault.Offset,
        FirstFaultIn = what,
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(DerivedFacts))]
internal sealed partial class DerivedJsonContext : JsonSerializerContext;
