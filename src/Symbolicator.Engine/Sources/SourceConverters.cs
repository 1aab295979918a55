using System.Text.Json;
using System.Text.Json.Serialization;

namespace Symbolicator.Engine.Sources;

/// <summary>An absolute http or https URL.</summary>
internal sealed class HttpUrlConverter : JsonConverter<Uri>
{
    public override Uri Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? url
            : throw new JsonException("expected an http or https URL");
    }

    public override void Write(Utf8JsonWriter writer, Uri value, JsonSerializerOptions options) => writer.WriteStringValue(value.AbsoluteUri);
}

/// <summary><c>"name"</c> or <c>["name", "endpoint"]</c>.</summary>
internal sealed class S3RegionConverter : JsonConverter<S3Region>
{
    public override S3Region Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new S3Region(reader.GetString()!, null);
        }

        if (reader.TokenType == JsonTokenType.StartArray
            && reader.Read() && reader.TokenType == JsonTokenType.String && reader.GetString() is { } name
            && reader.Read() && reader.TokenType == JsonTokenType.String
            && Uri.TryCreate(reader.GetString(), UriKind.Absolute, out var endpoint)
            && reader.Read() && reader.TokenType == JsonTokenType.EndArray)
        {
            return new S3Region(name, endpoint);
        }

        throw new JsonException("expected a region or a pair of region and endpoint");
    }

    public override void Write(Utf8JsonWriter writer, S3Region value, JsonSerializerOptions options)
    {
        if (value.Endpoint is null)
        {
            writer.WriteStringValue(value.Name);
            return;
        }

        writer.WriteStartArray();
        writer.WriteStringValue(value.Name);
        writer.WriteStringValue(value.Endpoint.AbsoluteUri);
        writer.WriteEndArray();
    }
}
