namespace Symbolicator.Engine.Contracts;

/// <summary>What files offer.</summary>
public sealed record FeatureInfo
{
    public bool HasDebugInfo { get; init; }

    public bool HasUnwindInfo { get; init; }

    public bool HasSymbols { get; init; }

    public bool HasSources { get; init; }

    /// <summary>Version control system of source server data: <c>git</c>, <c>perforce</c> or <c>other</c>.</summary>
    public string? SrcsrvVcs { get; init; }
}
