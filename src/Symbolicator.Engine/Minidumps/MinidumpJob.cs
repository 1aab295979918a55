using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;

namespace Symbolicator.Engine.Minidumps;

/// <summary>What a request wants of a minidump.</summary>
public sealed record MinidumpJob
{
    /// <summary>In order of preference.</summary>
    public required IReadOnlyList<ISymbolSource> Sources { get; init; }

    /// <summary>Cache scope, null for the global one.</summary>
    public string? Scope { get; init; }

    /// <summary>Answer with the candidates of each module.</summary>
    public bool DifCandidates { get; init; }

    /// <summary>Names under which the first module's debug file is looked for.</summary>
    public RewriteRules RewriteFirstModule { get; init; } = RewriteRules.None;

    public ParseLimits Limits { get; init; } = ParseLimits.Default;
}
