using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Symbolicator.Engine.Contracts.Json;

/// <summary>
/// Addresses: a JSON number, or a string with a decimal or <c>0x</c> number; written as lower-case <c>"0x…"</c>.
/// </summary>
internal sealed class HexValueConverter : JsonConverter<ulong>
{
    public override ulong Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader);

    public override void Write(Utf8JsonWriter writer, ulong value, JsonSerializerOptions options) => Write(writer, value);

    internal static ulong Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out ulong number))
        {
            return number;
        }

        if (reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), out ulong parsed))
        {
            return parsed;
        }

        throw new JsonException("expected an unsigned number, as a number or as decimal or hexadecimal text");
    }

    internal static void Write(Utf8JsonWriter writer, ulong value)
    {
        Span<byte> text = stackalloc byte[18];
        Encoding.UTF8.TryGetBytes("0x", text, out int prefix);
        value.TryFormat(text[prefix..], out int digits, "x", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..(prefix + digits)]);
    }

    private static bool TryParse(ReadOnlySpan<char> text, out ulong value) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

/// <summary>As <see cref="HexValueConverter"/>, null for an absent value.</summary>
internal sealed class OptionalHexValueConverter : JsonConverter<ulong?>
{
    public override ulong? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : HexValueConverter.Read(ref reader);

    public override void Write(Utf8JsonWriter writer, ulong? value, JsonSerializerOptions options)
    {
        if (value is { } number)
        {
            HexValueConverter.Write(writer, number);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}

/// <summary>Sizes: read like addresses, written as numbers.</summary>
internal sealed class ImageSizeConverter : JsonConverter<ulong?>
{
    public override ulong? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : HexValueConverter.Read(ref reader);

    public override void Write(Utf8JsonWriter writer, ulong? value, JsonSerializerOptions options)
    {
        if (value is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
