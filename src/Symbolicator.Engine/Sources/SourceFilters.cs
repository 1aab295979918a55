using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Sources;

/// <summary>Which objects a source is asked for.</summary>
public sealed record SourceFilters
{
    /// <summary>Empty for all.</summary>
    [JsonPropertyName("filetypes")]
    public IReadOnlyList<FileType> FileTypes { get; set; } = [];

    /// <summary>Globs of which one has to match the code file or the debug file; empty for all objects.</summary>
    [JsonConverter(typeof(ItemsConverter<string>))]
    public IReadOnlyList<string> PathPatterns { get; set; } = [];

    /// <summary>Only objects with a checksum.</summary>
    public bool RequiresChecksum { get; set; }

    /// <summary>True when the source may be asked for this object.</summary>
    public bool Allows(ObjectQuery query)
    {
        if (FileTypes.Count > 0 && !FileTypes.Contains(query.FileType))
        {
            return false;
        }

        if (RequiresChecksum && query.DebugChecksum is null)
        {
            return false;
        }

        return PathPatterns.Count == 0 || MatchesAny(query.CodeFile) || MatchesAny(query.DebugFile);
    }

    private bool MatchesAny(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return false;
        }

        foreach (string pattern in PathPatterns)
        {
            if (PathGlob.Matches(pattern, path))
            {
                return true;
            }
        }

        return false;
    }
}
