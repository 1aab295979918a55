using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Contracts;

/// <summary>Member <c>scraping</c> of requests: how linked sources are downloaded.</summary>
public sealed record ScrapingOptions
{
    /// <summary>What holds when the member is absent.</summary>
    public static ScrapingOptions Default { get; } = new()
    {
        Enabled = true,
        AllowedOrigins = ["*"],
        Headers = new Dictionary<string, string>(),
    };

    public required bool Enabled { get; init; }

    public bool VerifySsl { get; set; } = true;

    /// <summary>Patterns of URLs that get the headers.</summary>
    [JsonConverter(typeof(ItemsConverter<string>))]
    public required IReadOnlyList<string> AllowedOrigins { get; init; }

    /// <summary>May hold secrets: not part of <see cref="ToString"/>.</summary>
    [JsonConverter(typeof(TextMapConverter))]
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public override string ToString() => Enabled ? "scraping" : "no scraping";
}
