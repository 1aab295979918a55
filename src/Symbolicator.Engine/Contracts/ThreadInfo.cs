using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Contracts;

/// <summary>What requests and responses say of a thread beside its frames.</summary>
public abstract record ThreadInfo
{
    public ulong? ThreadId { get; init; }

    public string? ThreadName { get; init; }

    /// <summary>The thread that crashed or asked for the report; null when unknown.</summary>
    public bool? IsRequesting { get; init; }

    /// <summary>By name; null when there are none.</summary>
    [JsonConverter(typeof(RegistersConverter))]
    public IReadOnlyDictionary<string, ulong>? Registers { get; init; }
}

/// <summary>A thread of a request.</summary>
public sealed record StacktraceInput : ThreadInfo
{
    [JsonConverter(typeof(ItemsConverter<FrameInfo>))]
    public required IReadOnlyList<FrameInfo> Frames { get; init; }
}

/// <summary>A thread of a response.</summary>
public sealed record SymbolicatedStacktrace : ThreadInfo
{
    public required IReadOnlyList<SymbolicatedFrame> Frames { get; init; }
}
