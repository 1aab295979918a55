using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Model;

/// <summary>
/// Unwind information of one object. Each format executes its own rules. Immutable, safe to use from several threads,
/// allocates nothing per step.
/// </summary>
public interface IUnwindTable
{
    /// <summary>True when it covers no address at all.</summary>
    bool IsEmpty { get; }

    /// <summary>
    /// The CPU whose registers it computes. A file of another one can be found for a module: in emulated processes images
    /// have two CPUs, and identifiers can be forged.
    /// </summary>
    CpuFamily Cpu { get; }

    /// <summary>Managed memory that the table holds beside the mapped file, in bytes; for caches.</summary>
    long EstimatedBytes { get; }

    /// <summary>True when a record covers the address.</summary>
    bool Covers(ulong rva);

    /// <summary>Computes the registers of the caller from those of the callee.</summary>
    /// <param name="frame">Where the callee executes.</param>
    /// <param name="callee">Registers of the callee; its program counter is the resume address.</param>
    /// <param name="memory">The thread's memory.</param>
    /// <param name="caller">Registers of the caller; meaningful only for <see cref="UnwindOutcome.Stepped"/>.</param>
    UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller);

    /// <summary>The rules in Breakpad's notation, for people and tests; null when no record covers the address.</summary>
    UnwindDescription? Describe(ulong rva);
}

/// <summary>Where a frame executes.</summary>
/// <param name="LookupRva">
/// Address to look up, relative to the image base: the program counter itself in the innermost frame and above a
/// signal frame, one less in all others.
/// </param>
/// <param name="LoadAddress">Address at which the image is loaded, that is, the absolute address of RVA 0.</param>
/// <param name="CalleeParameterBytes">
/// <see cref="UnwindResult.ParameterBytes"/> of the step that led to this frame, 0 when that was no table's: bytes that
/// this frame has pushed for the one below it (i386 on Windows counts them into the frame).
/// </param>
/// <param name="Returns">Judges words of the stack, for rules that say to search for the return address; null when nobody can.</param>
public readonly record struct UnwindFrame(
    ulong LookupRva, ulong LoadAddress, uint CalleeParameterBytes = 0, IReturnAddresses? Returns = null);

/// <summary>Knows where the process has code.</summary>
public interface IReturnAddresses
{
    /// <summary>False for words that cannot be return addresses: outside of all code, or behind anything but a call.</summary>
    bool CanReturnTo(ulong address);
}

/// <summary>How a step ended.</summary>
public enum UnwindOutcome : byte
{
    /// <summary>No record covers the address.</summary>
    NotCovered,

    /// <summary>The caller's registers are known.</summary>
    Stepped,

    /// <summary>The record says that there is no caller (undefined return address).</summary>
    EndOfStack,

    /// <summary>A record covers the address but cannot be executed: unreadable memory or a malformed rule.</summary>
    Failed,
}

/// <summary>Result of <see cref="IUnwindTable.Step"/>.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="SignalFrame">The callee is a signal trampoline: the caller was interrupted, its program counter is exact.</param>
/// <param name="Fault">Why it failed.</param>
/// <param name="ParameterBytes">Parameters of the callee on its caller's stack, for the next step; 0 when not known.</param>
public readonly record struct UnwindResult(
    UnwindOutcome Outcome, bool SignalFrame = false, ParseFault Fault = default, uint ParameterBytes = 0);

/// <summary>Memory of a crashed process.</summary>
public interface IMemoryView
{
    /// <summary>Fills the whole span or returns false.</summary>
    bool TryRead(ulong address, Span<byte> destination);

    /// <summary>Reads an unsigned integer of 1, 2, 4 or 8 bytes in the byte order of the process.</summary>
    bool TryReadUnsigned(ulong address, int size, out ulong value);
}
