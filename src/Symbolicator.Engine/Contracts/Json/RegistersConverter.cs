using System.Text.Json;
using System.Text.Json.Serialization;

namespace Symbolicator.Engine.Contracts.Json;

/// <summary>Registers by name, in the order of their names.</summary>
internal sealed class RegistersConverter : JsonConverter<IReadOnlyDictionary<string, ulong>>
{
    public override IReadOnlyDictionary<string, ulong> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("expected an object with registers");
        }

        var registers = new SortedDictionary<string, ulong>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            registers[name] = HexValueConverter.Read(ref reader);
        }

        return registers;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, ulong> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (string name in value.Keys.Order(StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            HexValueConverter.Write(writer, value[name]);
        }

        writer.WriteEndObject();
    }
}
