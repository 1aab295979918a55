using System.Text.Json;
using System.Text.Json.Serialization;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Contracts.Json;

/// <summary>Type of a module; a name that is not known is <see cref="ObjectType.Unknown"/>, not an error.</summary>
internal sealed class ObjectTypeConverter : JsonConverter<ObjectType>
{
    public override ObjectType Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ObjectTypeNames.Parse(NameText.Read(ref reader));

    public override void Write(Utf8JsonWriter writer, ObjectType value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Name());
}

/// <summary>File type; a name that is not known is an error.</summary>
internal sealed class FileTypeConverter : JsonConverter<FileType>
{
    public override FileType Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        FileTypeNames.TryParse(NameText.Read(ref reader), out var type) ? type : throw new JsonException("unknown file type");

    public override void Write(Utf8JsonWriter writer, FileType value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Name());
}

/// <summary>CPU architecture.</summary>
internal sealed class ArchConverter : JsonConverter<Arch>
{
    public override Arch Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ArchNames.Parse(NameText.Read(ref reader));

    public override void Write(Utf8JsonWriter writer, Arch value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Name());
}

/// <summary>Language of a frame; a name that is not known is no language.</summary>
internal sealed class LanguageConverter : JsonConverter<SourceLanguage>
{
    public override bool HandleNull => true;

    public override SourceLanguage Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? SourceLanguage.Unknown : SourceLanguageNames.Parse(NameText.Read(ref reader));

    public override void Write(Utf8JsonWriter writer, SourceLanguage value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Name());
}

file static class NameText
{
    public static string Read(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("expected a name");
}
