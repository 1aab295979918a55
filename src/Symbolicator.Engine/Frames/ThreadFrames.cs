using Symbolicator.Engine.Contracts;

namespace Symbolicator.Engine.Frames;

/// <summary>A thread to symbolicate.</summary>
/// <param name="Thread">Copied to the answer.</param>
/// <param name="Frames">Callee first.</param>
/// <param name="Kinds">What is known of each frame's address; null when the client's hints and the rules decide.</param>
internal sealed record ThreadFrames(ThreadInfo Thread, IReadOnlyList<FrameInfo> Frames, IReadOnlyList<AddressKind>? Kinds = null);
