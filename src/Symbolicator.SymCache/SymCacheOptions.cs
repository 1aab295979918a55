namespace Symbolicator.SymCache;

/// <summary>How strings are stored.</summary>
public enum StringProfile : byte
{
    /// <summary>Front-coded: about half the size; names are copied out.</summary>
    Compact,

    /// <summary>As they are: names are views into the file.</summary>
    Plain,
}

/// <summary>Options of a build. Equal input and options give equal bytes.</summary>
public sealed record SymCacheOptions
{
    public static SymCacheOptions Default { get; } = new();

    public StringProfile StringProfile { get; init; }

    /// <summary>Where temporary files go; they are deleted with the build, also when the process ends.</summary>
    public string SpillDirectory { get; init; } = Path.GetTempPath();

    /// <summary>Size of the debug file, for the header; 0 when unknown.</summary>
    public long SourceSize { get; init; }

    /// <summary>Most functions and symbols; further ones are left out and counted. Bounds the index in memory.</summary>
    public int MaxRuns { get; init; } = 16 << 20;

    /// <summary>Most rows over all functions before overlaps are resolved. Bounds time and the temporary files.</summary>
    public long MaxRows { get; init; } = 512L << 20;
}
