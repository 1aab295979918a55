using System.Text.Json;
using System.Text.Json.Serialization;

namespace Symbolicator.Engine.Contracts.Json;

/// <summary>Enum members by their names on the wire (snake case unless an attribute says otherwise), never by number.</summary>
internal sealed class WireEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
