using System.Text.Json;
using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Contracts;

/// <summary>
/// A frame as clients send it. All but the address is optional: it is the fall-back for what symbolication does not
/// find out, or echoed as it came.
/// </summary>
public record FrameInfo
{
    [JsonConverter(typeof(HexValueConverter))]
    public required ulong InstructionAddr { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public AddrMode AddrMode { get; init; }

    /// <summary>Whether the address is a return address; null leaves it to the thread's default.</summary>
    public bool? AdjustInstructionAddr { get; init; }

    /// <summary>Index of a .NET method.</summary>
    [JsonConverter(typeof(OptionalHexValueConverter))]
    public ulong? FunctionId { get; init; }

    public string? Platform { get; init; }

    /// <summary>Code file of the module.</summary>
    public string? Package { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public SourceLanguage Lang { get; init; }

    /// <summary>Raw (mangled) name.</summary>
    public string? Symbol { get; init; }

    /// <summary>Start of the function.</summary>
    [JsonConverter(typeof(OptionalHexValueConverter))]
    public ulong? SymAddr { get; init; }

    /// <summary>Name for people.</summary>
    public string? Function { get; init; }

    /// <summary>Last component of the path.</summary>
    public string? Filename { get; init; }

    public string? AbsPath { get; init; }

    /// <summary>1-based.</summary>
    public uint? Lineno { get; init; }

    [JsonConverter(typeof(ItemsConverter<string>))]
    public IReadOnlyList<string>? PreContext { get; init; }

    public string? ContextLine { get; init; }

    [JsonConverter(typeof(ItemsConverter<string>))]
    public IReadOnlyList<string>? PostContext { get; init; }

    public string? SourceLink { get; init; }

    public bool? InApp { get; init; }

    public IReadOnlyDictionary<string, JsonElement>? Vars { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public FrameTrust Trust { get; init; }
}
