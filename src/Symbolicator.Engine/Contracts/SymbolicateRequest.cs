using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Sources;

namespace Symbolicator.Engine.Contracts;

/// <summary>Body of <c>POST /symbolicate</c>.</summary>
public sealed record SymbolicateRequest
{
    /// <summary>Any text.</summary>
    public string? Platform { get; init; }

    /// <summary>POSIX signal.</summary>
    public uint? Signal { get; init; }

    /// <summary>Null for the configured ones, empty for none.</summary>
    [JsonConverter(typeof(ItemsConverter<SourceConfig>))]
    public IReadOnlyList<SourceConfig>? Sources { get; init; }

    [JsonConverter(typeof(ItemsConverter<StacktraceInput>))]
    public IReadOnlyList<StacktraceInput> Stacktraces { get; set; } = [];

    [JsonConverter(typeof(ItemsConverter<ModuleInfo>))]
    public IReadOnlyList<ModuleInfo> Modules { get; set; } = [];

    public RequestOptions Options { get; set; } = new();

    public ScrapingOptions Scraping { get; set; } = ScrapingOptions.Default;
}
