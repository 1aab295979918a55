using System.Text.Json.Serialization;

namespace Symbolicator.Cli.Output;

/// <summary>Source-generated serialisers of all rows.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(ObjectRow))]
[JsonSerializable(typeof(SymbolRow))]
[JsonSerializable(typeof(DemangledRow))]
[JsonSerializable(typeof(FunctionRow))]
[JsonSerializable(typeof(LookupRow))]
[JsonSerializable(typeof(UnwindRow))]
[JsonSerializable(typeof(BuildRow))]
internal sealed partial class CliJson : JsonSerializerContext;
