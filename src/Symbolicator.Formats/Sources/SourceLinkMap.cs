using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Symbolicator.Formats.Sources;

/// <summary>
/// Source Link: paths as the compiler saw them to URLs. Keys are whole paths or prefixes that end in <c>*</c>; case does
/// not matter; the longest prefix wins. Immutable, safe to use from several threads.
/// </summary>
public sealed class SourceLinkMap
{
    // Real maps have one entry for each repository.
    private const int MostEntries = 1 << 16;

    // Longer texts are no paths on any system.
    private const int LongestPath = 16 << 10;

    private readonly Dictionary<string, string> _paths = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Prefix> _prefixes = [];

    private SourceLinkMap()
    {
    }

    /// <summary>Entries that can be used.</summary>
    public int Count => _paths.Count + _prefixes.Count;

    /// <summary>Reads the JSON object; entries that break the rules are left out.</summary>
    /// <param name="json">UTF-8, with or without a byte order mark.</param>
    /// <param name="map">Null when it is not such an object.</param>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out SourceLinkMap? map)
    {
        var preamble = Encoding.UTF8.Preamble;
        json = json.StartsWith(preamble) ? json[preamble.Length..] : json;
        map = new SourceLinkMap();
        try
        {
            var reader = new Utf8JsonReader(json.TrimEnd((byte)0), new JsonReaderOptions
            {
                AllowTrailingCommas = true,
                CommentHandling = JsonCommentHandling.Skip,
            });
            if (map.TryRead(ref reader))
            {
                map.Order();
                return true;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or text that is not UTF-8.
        }

        map = null;
        return false;
    }

    /// <summary>All entries of several maps; of equal ones the first counts.</summary>
    public static SourceLinkMap Merge(IEnumerable<SourceLinkMap> maps)
    {
        var merged = new SourceLinkMap();
        foreach (var map in maps)
        {
            foreach (var (path, url) in map._paths.Take(MostEntries - merged.Count))
            {
                merged._paths.TryAdd(path, url);
            }

            merged._prefixes.AddRange(map._prefixes.Take(MostEntries - merged.Count));
        }

        merged.Order();
        return merged;
    }

    /// <summary>The URL of a path as debug information states it; whether it is one to follow is for the caller to say.</summary>
    public bool TryGetUrl(string path, [NotNullWhen(true)] out string? url)
    {
        url = null;
        if (path.Length > LongestPath)
        {
            return false;
        }

        if (_paths.TryGetValue(path, out url))
        {
            return true;
        }

        foreach (var prefix in _prefixes)
        {
            if (path.StartsWith(prefix.Path, StringComparison.OrdinalIgnoreCase))
            {
                url = prefix.UrlStart + Escape(path[prefix.Path.Length..]) + prefix.UrlEnd;
                return true;
            }
        }

        return false;
    }

    /// <summary>The longest first, of equal ones the first of the file.</summary>
    private void Order()
    {
        Prefix[] ordered = [.. _prefixes.OrderByDescending(prefix => prefix.Path.Length)];
        _prefixes.Clear();
        _prefixes.AddRange(ordered);
    }

    private static string Escape(string path) => string.Join('/', path.Split('/', '\\').Select(Uri.EscapeDataString));

    private bool TryRead(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        bool found = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isMap = reader.ValueTextEquals("documents"u8);
            reader.Read();
            if (isMap && reader.TokenType == JsonTokenType.StartObject)
            {
                found = true;
                ReadEntries(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return found;
    }

    private void ReadEntries(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string path = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && Count < MostEntries)
            {
                Add(path, reader.GetString()!);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary>A star may stand at the end of a path alone, and then once in the URL.</summary>
    private void Add(string path, string url)
    {
        int star = path.IndexOf('*', StringComparison.Ordinal);
        int urlStar = url.IndexOf('*', StringComparison.Ordinal);
        if (star < 0 && urlStar < 0)
        {
            _paths.TryAdd(path, url);
        }
        else if (star >= 0 && star == path.Length - 1 && urlStar >= 0 && urlStar == url.LastIndexOf('*'))
        {
            _prefixes.Add(new Prefix(path[..star], url[..urlStar], url[(urlStar + 1)..]));
        }
    }

    private sealed record Prefix(string Path, string UrlStart, string UrlEnd);
}
