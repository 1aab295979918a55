using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Contracts;

/// <summary>A loaded image as requests and minidumps describe it.</summary>
public record ModuleInfo
{
    [JsonConverter(typeof(ObjectTypeConverter))]
    public required ObjectType Type { get; init; }

    /// <summary>Null when absent or without a hex digit.</summary>
    [JsonConverter(typeof(CodeIdConverter))]
    public CodeId? CodeId { get; init; }

    /// <summary>Full path or base name.</summary>
    public string? CodeFile { get; init; }

    /// <summary>Null when absent or not an id.</summary>
    [JsonConverter(typeof(DebugIdConverter))]
    public DebugId? DebugId { get; init; }

    /// <summary>Full path or base name.</summary>
    public string? DebugFile { get; init; }

    /// <summary>Such as <c>SHA256:…</c>; handed to servers that ask for it.</summary>
    public string? DebugChecksum { get; init; }

    /// <summary>Load address; 0 for an image without absolute addresses.</summary>
    [JsonConverter(typeof(HexValueConverter))]
    public ulong ImageAddr { get; init; }

    /// <summary>Bytes; null or 0 when unknown.</summary>
    [JsonConverter(typeof(ImageSizeConverter))]
    public ulong? ImageSize { get; init; }
}

/// <summary>A module of a response.</summary>
public sealed record SymbolicatedModule : ModuleInfo
{
    [JsonConstructor]
    public SymbolicatedModule()
    {
    }

    [SetsRequiredMembers]
    public SymbolicatedModule(ModuleInfo module, ModuleStatus debugStatus)
        : base(module) => DebugStatus = debugStatus;

    public required ModuleStatus DebugStatus { get; init; }

    /// <summary>Only of minidumps.</summary>
    public ModuleStatus? UnwindStatus { get; init; }

    /// <summary>Of all files that were used.</summary>
    public FeatureInfo Features { get; init; } = new();

    [JsonConverter(typeof(ArchConverter))]
    public Arch Arch { get; init; }

    /// <summary>Where files were looked for; null when not asked for. Last, behind what the request said of the module.</summary>
    [JsonPropertyOrder(1)]
    public IReadOnlyList<CandidateInfo>? Candidates { get; init; }
}
