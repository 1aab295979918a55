using System.Text.Json;
using System.Text.Json.Serialization;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Contracts.Json;

/// <summary>A code id in any spelling; text without a hex digit is no id. Written in lower case.</summary>
internal sealed class CodeIdConverter : JsonConverter<CodeId?>
{
    public override CodeId? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        CodeId.Parse(IdText.Read(ref reader));

    public override void Write(Utf8JsonWriter writer, CodeId? value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value?.Hex);
}

/// <summary>A debug id in any spelling; other text is no id. Written in the dashed form.</summary>
internal sealed class DebugIdConverter : JsonConverter<DebugId?>
{
    public override DebugId? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DebugId.Parse(IdText.Read(ref reader));

    public override void Write(Utf8JsonWriter writer, DebugId? value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value?.ToString());
}

file static class IdText
{
    public static string? Read(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Null => null,
        _ => throw new JsonException("expected text"),
    };
}
