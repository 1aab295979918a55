using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Objects;

/// <summary>What a debug file says of itself.</summary>
/// <param name="Format">Of the file.</param>
/// <param name="Arch">CPU architecture.</param>
/// <param name="DebugId">Null when it has none.</param>
/// <param name="CodeId">Null when it has none.</param>
/// <param name="Name">The name that it gives itself or its PDB; null when it has none or an unreasonable one.</param>
public sealed record ObjectIdentity(FileFormat Format, Arch Arch, DebugId? DebugId, CodeId? CodeId, string? Name)
{
    /// <summary>Longer names are no names: identities are kept in memory and beside cached files.</summary>
    private const int MaxNameLength = 1024;

    /// <summary>Why the file gives less than files of its kind usually do.</summary>
    public ObjectShortcoming Shortcoming { get; init; }

    public static ObjectIdentity Of(IObjectFile file) => new(
        file.Format, file.Arch, file.DebugId, file.CodeId, file.Name is { Length: > 0 and <= MaxNameLength } name ? name : null)
    {
        Shortcoming = file.Shortcoming,
    };

    /// <summary>For people.</summary>
    public override string ToString() =>
        $"{Format} for {Arch.Name()}, debug id {DebugId?.ToString() ?? "none"}, code id {CodeId?.Hex ?? "none"}{(Shortcoming.Describe() is { } text ? ", " + text : "")}";
}
