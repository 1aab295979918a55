namespace Symbolicator.Engine.Contracts;

/// <summary>A rule of <c>rewrite_first_module</c>: replaces the name of the first module's debug file for lookups.</summary>
public sealed record RewriteRule
{
    /// <summary>Regular expression.</summary>
    public required string From { get; init; }

    /// <summary>Replacement; <c>$1</c>, <c>$name</c> and <c>${name}</c> stand for groups.</summary>
    public required string To { get; init; }
}
