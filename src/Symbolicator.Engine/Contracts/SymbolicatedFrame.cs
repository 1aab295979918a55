using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Symbolicator.Engine.Contracts;

/// <summary>A frame of the response; inlined calls are frames of their own.</summary>
public sealed record SymbolicatedFrame : FrameInfo
{
    [JsonConstructor]
    public SymbolicatedFrame()
    {
    }

    /// <summary>The input frame with a status.</summary>
    [SetsRequiredMembers]
    public SymbolicatedFrame(FrameInfo frame, FrameStatus status, int originalIndex)
        : base(frame)
    {
        Status = status;
        OriginalIndex = originalIndex;
    }

    public required FrameStatus Status { get; init; }

    /// <summary>Index of the input frame, callee first; all inlined calls of a frame share it.</summary>
    public required int OriginalIndex { get; init; }

    /// <summary>For a frame of a dump that lies in no module: modules that were there once; null when there were none.</summary>
    public IReadOnlyList<UnloadedModuleHit>? UnloadedModules { get; init; }
}
