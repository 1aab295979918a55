using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Contracts;

/// <summary>What became of a module's debug or unwind information.</summary>
[JsonConverter(typeof(WireEnumConverter<ModuleStatus>))]
public enum ModuleStatus : byte
{
    Found,

    /// <summary>No frame needed it.</summary>
    Unused,
    Missing,
    Malformed,
    FetchingFailed,
    Timeout,
    Unsupported,
    Other,
}
