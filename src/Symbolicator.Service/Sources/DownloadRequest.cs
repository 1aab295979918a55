namespace Symbolicator.Service.Sources;

/// <summary>What to fetch. Holds secrets: not a record, so that nothing prints it.</summary>
internal sealed class DownloadRequest(
    Uri url, IReadOnlyDictionary<string, string> headers, string? checksum, bool acceptInvalidCerts, string sourceType)
{
    public Uri Url { get; } = url;

    /// <summary>Sent to the host of <see cref="Url"/> only.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; } = headers;

    /// <summary>Sent as <c>SymbolChecksum</c>.</summary>
    public string? Checksum { get; } = checksum;

    public bool AcceptInvalidCerts { get; } = acceptInvalidCerts;

    /// <summary>Metric tag.</summary>
    public string SourceType { get; } = sourceType;
}
