using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind;

/// <summary>What became of one <see cref="StackWalker.Advance"/>.</summary>
public abstract record WalkOutcome
{
    private WalkOutcome()
    {
    }

    /// <summary>All threads are walked, in the order in which they were given.</summary>
    public sealed record Completed(IReadOnlyList<WalkedThread> Threads) : WalkOutcome;

    /// <summary>
    /// Some threads wait. Each module named here is to be set in <see cref="ModuleTables"/>, to null when it cannot be
    /// had, before the next call.
    /// </summary>
    /// <param name="UnwindTables">Modules whose unwind table is needed.</param>
    /// <param name="Symbols">Modules whose symbol coverage is needed, to judge words found by scanning.</param>
    public sealed record NeedsModules(IReadOnlySet<int> UnwindTables, IReadOnlySet<int> Symbols) : WalkOutcome;
}

/// <summary>Frames of one thread.</summary>
/// <param name="Id">As given.</param>
/// <param name="Frames">Innermost first.</param>
/// <param name="End">Why there are no more.</param>
/// <param name="Registers">Registers of each frame with <see cref="WalkOptions.KeepRegisters"/>, else empty.</param>
public sealed record WalkedThread(ulong Id, IReadOnlyList<RawFrame> Frames, WalkEnd End, IReadOnlyList<RegisterState> Registers);

/// <summary>Why a walk ended.</summary>
public enum WalkEnd : byte
{
    /// <summary>The thread has no usable register context.</summary>
    NoContext,

    /// <summary>The outermost frame says that it has no caller, by unwind information or a zero frame record.</summary>
    EndOfStack,

    /// <summary>No strategy found a plausible caller.</summary>
    NoCaller,

    /// <summary>The memory at the stack pointer is not in the dump.</summary>
    StackUnreadable,

    /// <summary><see cref="Core.ParseLimits.FramesPerThread"/> was reached.</summary>
    FrameLimit,
}
