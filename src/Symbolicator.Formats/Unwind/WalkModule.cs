namespace Symbolicator.Formats.Unwind;

/// <summary>A loaded image.</summary>
/// <param name="Index">Number by which tables are asked for and frames refer to it; small, not negative, unique.</param>
/// <param name="Start">Absolute address of its first byte.</param>
/// <param name="End">First absolute address behind it.</param>
public readonly record struct WalkModule(int Index, ulong Start, ulong End);
