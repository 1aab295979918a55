using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind;

/// <summary>Operating systems whose conventions differ for unwinding.</summary>
public enum WalkSystem : byte
{
    Unknown,
    Linux,
    Windows,
    Apple,
}

/// <summary>What a walk has to know beside modules and threads.</summary>
public sealed record WalkOptions
{
    public static WalkOptions Default { get; } = new();

    public WalkSystem System { get; init; }

    /// <summary>Bounds the frames of a thread.</summary>
    public ParseLimits Limits { get; init; } = ParseLimits.Default;

    /// <summary>
    /// Bits that a code address can have on a CPU with pointer authentication, as recorded in the dump; 0 derives them
    /// from the highest module address.
    /// </summary>
    public ulong CodeAddressMask { get; init; }

    /// <summary>
    /// Executable memory as absolute addresses, in any order. Null when the dump does not say; then all of a module may
    /// be code, and return addresses outside of modules are trusted only in an orderly chain of frame pointers.
    /// </summary>
    public IReadOnlyList<AddressRange>? ExecutableRanges { get; init; }

    /// <summary>
    /// Where modules were before they were unloaded: unwind information may lead there, to the frame of a callback that
    /// was still running.
    /// </summary>
    public IReadOnlyList<AddressRange> UnloadedRanges { get; init; } = [];

    /// <summary>Frames found by scanning the stack are reported; otherwise the walk ends where only scanning would go on.</summary>
    public bool ScanStack { get; init; } = true;

    /// <summary>Keeps the registers of every frame in <see cref="WalkedThread.Registers"/>.</summary>
    public bool KeepRegisters { get; init; }
}
