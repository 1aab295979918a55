using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Sources;

/// <summary>Directory layout of a source.</summary>
public sealed record LayoutConfig
{
    [JsonPropertyName("type")]
    public LayoutType Type { get; set; }

    public PathCasing Casing { get; set; }
}

/// <summary>How paths are made of ids and names.</summary>
[JsonConverter(typeof(WireEnumConverter<LayoutType>))]
public enum LayoutType : byte
{
    /// <summary>The debugger's habit of each platform.</summary>
    Native,

    /// <summary>Microsoft's symbol server.</summary>
    Symstore,

    /// <summary>The same with a prefix folder.</summary>
    [JsonStringEnumMemberName("symstore_index2")]
    SymstoreIndex2,

    /// <summary>The same in the lower-case form of SSQP.</summary>
    Ssqp,

    Debuginfod,

    /// <summary>Ids alone, all platforms alike.</summary>
    Unified,

    [JsonStringEnumMemberName("slashsymbols")]
    SlashSymbols,
}

/// <summary>Casing of whole paths.</summary>
[JsonConverter(typeof(WireEnumConverter<PathCasing>))]
public enum PathCasing : byte
{
    Default,
    Lowercase,
    Uppercase,
}
