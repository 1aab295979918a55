using System.Buffers;
using System.Globalization;
using System.Text;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Sources.Layouts;

namespace Symbolicator.Service.Sources;

/// <summary>A source whose files depend on who asks: the fingerprint separates what different credentials may see.</summary>
internal interface ICredentialedSource
{
    /// <summary>Null when it is asked without credentials.</summary>
    string? CredentialFingerprint { get; }

    /// <summary>Metric tag.</summary>
    string SourceType { get; }
}

/// <summary>A web server with one of the directory layouts.</summary>
internal sealed class HttpSymbolSource : ISymbolSource, ICredentialedSource
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, ' ' + 1).Select(c => (char)c), '"', '#', '%', '<', '>', '?', '\\', '`', '{', '}', '\u007f']);

    private readonly HttpSourceConfig _config;
    private readonly Downloader _downloader;
    private readonly Uri _base;
    private readonly string _query;
    private readonly Dictionary<string, string> _headers;

    public HttpSymbolSource(HttpSourceConfig config, Downloader downloader, SecretFingerprint fingerprint)
    {
        _config = config;
        _downloader = downloader;
        _query = config.Url.Query;
        _base = new UriBuilder(config.Url)
        {
            // Both may be secrets, and locations are shown.
            UserName = "",
            Password = "",
            Query = "",
            Fragment = "",
            Path = config.Url.AbsolutePath.EndsWith('/') ? config.Url.AbsolutePath : config.Url.AbsolutePath + "/",
        }.Uri;
        _headers = new Dictionary<string, string>(config.Headers, StringComparer.OrdinalIgnoreCase);
        if (config.Url.UserInfo.Length > 0)
        {
            string user = Uri.UnescapeDataString(config.Url.UserInfo);
            _headers.TryAdd("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        }

        CredentialFingerprint = _headers.Count == 0 && _query.Length == 0
            ? null
            : fingerprint.Of([_query, .. _headers.OrderBy(h => h.Key, StringComparer.OrdinalIgnoreCase).SelectMany(h => new[] { h.Key.ToLowerInvariant(), h.Value })]);
    }

    public string Id => _config.Id;

    public bool IsPublic => _config.IsPublic;

    public string? CredentialFingerprint { get; }

    public string SourceType => "http";

    public IReadOnlyList<ObjectLocation> Locate(ObjectQuery query) =>
        [.. SymbolPaths.Locate(_config.Filters, _config.Layout, query).Select(path =>
            new ObjectLocation(path, _base.AbsoluteUri + Escape(path), query.FileType, query.DebugChecksum))];

    public Task<FetchOutcome> FetchAsync(ObjectLocation location, Stream destination, CancellationToken ct) =>
        _downloader.FetchAsync(new DownloadRequest(
            new Uri(_base.AbsoluteUri + Escape(location.Path) + _query), _headers, location.Checksum, _config.AcceptInvalidCerts, SourceType), destination, ct);

    /// <summary>
    /// The path percent-encode set of the URL Standard, and the percent sign: what stands in a name stays part of the
    /// name, and everything else stays readable (<c>libstdc++.so.6</c>).
    /// </summary>
    private static string Escape(string path)
    {
        if (!path.AsSpan().ContainsAny(Escaped) && Ascii.IsValid(path))
        {
            return path;
        }

        var result = new StringBuilder(path.Length + 16);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in path.EnumerateRunes())
        {
            if (rune.IsAscii && !Escaped.Contains((char)rune.Value))
            {
                result.Append((char)rune.Value);
                continue;
            }

            foreach (byte b in bytes[..rune.EncodeToUtf8(bytes)])
            {
                result.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }
        }

        return result.ToString();
    }
}
