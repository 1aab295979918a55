using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Contracts;

/// <summary>What became of a frame.</summary>
[JsonConverter(typeof(WireEnumConverter<FrameStatus>))]
public enum FrameStatus : byte
{
    Symbolicated,

    /// <summary>The debug file is there, but knows nothing of the address.</summary>
    MissingSymbol,

    /// <summary>No module covers the address.</summary>
    UnknownImage,

    /// <summary>The debug file could not be had.</summary>
    Missing,

    /// <summary>The debug file could not be read.</summary>
    Malformed,
}
