using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Symbolicator.Engine.Contracts.Json;

/// <summary><c>abs</c> or <c>rel:N</c>.</summary>
internal sealed class AddrModeConverter : JsonConverter<AddrMode>
{
    public override AddrMode Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        if (text == "abs")
        {
            return AddrMode.Absolute;
        }

        if (text is not null && text.StartsWith("rel:", StringComparison.Ordinal)
            && uint.TryParse(text.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out uint module))
        {
            return AddrMode.Relative(module);
        }

        throw new JsonException("expected \"abs\" or \"rel:N\"");
    }

    public override void Write(Utf8JsonWriter writer, AddrMode value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Module is { } module ? $"rel:{module}" : "abs");
}
