using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Sources;

/// <summary>
/// A symbol source as requests and the configuration file describe it; <c>type</c> tells which. Holds secrets:
/// <see cref="ToString"/> does not show them.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(FileSystemSourceConfig), "filesystem")]
[JsonDerivedType(typeof(HttpSourceConfig), "http")]
[JsonDerivedType(typeof(S3SourceConfig), "s3")]
[JsonDerivedType(typeof(GcsSourceConfig), "gcs")]
[JsonDerivedType(typeof(SentrySourceConfig), "sentry")]
public abstract record SourceConfig
{
    /// <summary>Identity in caches and in answers.</summary>
    public required string Id { get; init; }

    public sealed override string ToString() => $"{GetType().Name} {Id}";
}

/// <summary>What all sources with a directory layout have in common.</summary>
public abstract record LayoutSourceConfig : SourceConfig
{
    public SourceFilters Filters { get; set; } = new();

    public LayoutConfig Layout { get; set; } = new();

    /// <summary>Files may be cached for all scopes.</summary>
    public bool IsPublic { get; set; }

    /// <summary>The source has an index of its files (<c>000Admin</c>); only for the symstore layout.</summary>
    public bool HasIndex { get; set; }
}

/// <summary>A folder.</summary>
public sealed record FileSystemSourceConfig : LayoutSourceConfig
{
    public required string Path { get; init; }
}

/// <summary>A web server.</summary>
public sealed record HttpSourceConfig : LayoutSourceConfig
{
    /// <summary>Base, meant as a directory.</summary>
    [JsonConverter(typeof(HttpUrlConverter))]
    public required Uri Url { get; init; }

    /// <summary>Sent with every request.</summary>
    [JsonConverter(typeof(TextMapConverter))]
    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>();

    public bool AcceptInvalidCerts { get; set; }
}

/// <summary>A bucket of an S3-compatible store.</summary>
public sealed record S3SourceConfig : LayoutSourceConfig
{
    public required string Bucket { get; init; }

    public string Prefix { get; set; } = "";

    public S3Region Region { get; set; } = new("us-east-1", null);

    public AwsCredentialsProvider AwsCredentialsProvider { get; set; }

    public string AccessKey { get; set; } = "";

    public string SecretKey { get; set; } = "";
}

/// <summary>A region by name, or by name and endpoint (then addressed by path).</summary>
[JsonConverter(typeof(S3RegionConverter))]
public sealed record S3Region(string Name, Uri? Endpoint);

/// <summary>Where credentials for S3 come from.</summary>
[JsonConverter(typeof(WireEnumConverter<AwsCredentialsProvider>))]
public enum AwsCredentialsProvider : byte
{
    Static,
    Container,
}

/// <summary>A bucket of Google Cloud Storage, with a service account's key or a token.</summary>
public sealed record GcsSourceConfig : LayoutSourceConfig, IJsonOnDeserialized
{
    public required string Bucket { get; init; }

    public string Prefix { get; set; } = "";

    public string? PrivateKey { get; init; }

    public string? ClientEmail { get; init; }

    public string? BearerToken { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (BearerToken is null && (PrivateKey is null || ClientEmail is null))
        {
            throw new System.Text.Json.JsonException("a gcs source needs private_key and client_email, or bearer_token");
        }
    }
}

/// <summary>A server with the list-and-download interface of Sentry, with a token or cookies.</summary>
public sealed record SentrySourceConfig : SourceConfig, IJsonOnDeserialized
{
    [JsonConverter(typeof(HttpUrlConverter))]
    public required Uri Url { get; init; }

    public string? Token { get; init; }

    public string? Cookies { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Token is null && Cookies is null)
        {
            throw new System.Text.Json.JsonException("a sentry source needs token or cookies");
        }
    }
}
