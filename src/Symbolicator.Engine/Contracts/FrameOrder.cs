using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Contracts;

/// <summary>Order of frames in requests and responses.</summary>
[JsonConverter(typeof(WireEnumConverter<FrameOrder>))]
public enum FrameOrder : byte
{
    /// <summary>Innermost frame first.</summary>
    CalleeFirst,

    /// <summary>Innermost frame last.</summary>
    CallerFirst,
}
