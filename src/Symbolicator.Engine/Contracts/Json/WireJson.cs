using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Symbolicator.Engine.Contracts.Json;

/// <summary>Reading of request JSON with errors told apart: text that is no JSON, and JSON of another shape.</summary>
public static class WireJson
{
    /// <summary>Levels of nesting, also in members that are ignored; the reference allows as many.</summary>
    private const int MaxDepth = 128;

    /// <summary>Types of the wire. Names and paths are written readably: answers are never embedded in HTML.</summary>
    public static WireJsonContext Context { get; } = new(new JsonSerializerOptions(WireJsonContext.Default.Options)
    {
        MaxDepth = MaxDepth,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <exception cref="RequestFormatException">Not JSON, or not of this shape.</exception>
    public static T Read<T>(ReadOnlySequence<byte> utf8, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
            var value = JsonSerializer.Deserialize(ref reader, type)
                ?? throw new RequestFormatException(RequestFormatError.Schema, "null");
            RequireEnd(ref reader);
            return value;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            // Only failed requests pay for the second look, which does not depend on how the serializer words its errors.
            var error = IsJson(utf8) ? RequestFormatError.Schema : RequestFormatError.Syntax;
            throw new RequestFormatException(error, e.Message);
        }
    }

    private static void RequireEnd(ref Utf8JsonReader reader)
    {
        if (reader.Read())
        {
            throw new JsonException("text behind the value");
        }
    }

    private static bool IsJson(ReadOnlySequence<byte> utf8)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
