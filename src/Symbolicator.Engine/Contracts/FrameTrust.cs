using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Contracts;

/// <summary>How a frame was found, from least to most trustworthy.</summary>
[JsonConverter(typeof(WireEnumConverter<FrameTrust>))]
public enum FrameTrust : byte
{
    /// <summary>Not said.</summary>
    None,

    /// <summary>A plausible return address on the stack.</summary>
    Scan,

    /// <summary>The same, confirmed by call frame information.</summary>
    [JsonStringEnumMemberName("cfiscan")]
    CfiScan,

    /// <summary>Frame pointer chain.</summary>
    [JsonStringEnumMemberName("fp")]
    FramePointer,

    /// <summary>Call frame information.</summary>
    Cfi,

    /// <summary>Walked by the client.</summary>
    Prewalked,

    /// <summary>The thread's registers.</summary>
    Context,
}
