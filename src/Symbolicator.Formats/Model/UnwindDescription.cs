namespace Symbolicator.Formats.Model;

/// <summary>Unwind rules at an address: either call frame information or a Windows frame record.</summary>
/// <param name="Start">First address covered, relative to the image base.</param>
/// <param name="Size">Bytes covered.</param>
/// <param name="Init">Rules at the start, by register name in Breakpad's notation (<c>.cfa</c>, <c>.ra</c>, <c>$rbx</c>).</param>
/// <param name="Deltas">Changes, ascending.</param>
/// <param name="Windows">The STACK WIN record, then all of the above but start and size are empty.</param>
public sealed record UnwindDescription(
    ulong Start,
    ulong Size,
    IReadOnlyDictionary<string, string> Init,
    IReadOnlyList<UnwindDelta> Deltas,
    WindowsFrameDescription? Windows = null);

/// <summary>Rules that change at an address.</summary>
public sealed record UnwindDelta(ulong Address, IReadOnlyDictionary<string, string> Rules);

/// <summary>Fields of a STACK WIN record. Type 0 is FPO, 4 is frame data.</summary>
public sealed record WindowsFrameDescription(
    int Type, ulong Start, ulong Size, uint Prolog, uint Epilog, uint Params, uint SavedRegs, uint Locals, uint MaxStack,
    bool HasProgram, string? Program, bool UsesBasePointer);
