using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Frames;

/// <summary>How the address of a frame relates to the instruction that it stands for.</summary>
public enum AddressKind : byte
{
    /// <summary>Decided by the position of the frame and the thread's signal.</summary>
    ByRule,

    /// <summary>The instruction itself.</summary>
    Exact,

    /// <summary>The instruction behind a call.</summary>
    Return,
}

/// <summary>From return addresses to calls.</summary>
internal static class ReturnAddress
{
    /// <summary>An address of the instruction that a frame stands for.</summary>
    public static ulong Adjust(ulong address, AddressKind kind, CpuFamily cpu)
    {
        ulong alignment = Alignment(cpu);
        ulong aligned = address & ~(alignment - 1);
        return kind == AddressKind.Return ? unchecked(aligned - StepBack(cpu, alignment)) : aligned;
    }

    /// <summary>Decides a frame that nobody has decided explicitly.</summary>
    /// <param name="index">Position in the thread, callee first.</param>
    /// <param name="address">Absolute address of the frame.</param>
    /// <param name="fromContext">The client says that the address is the program counter of a register context.</param>
    /// <param name="signal">Signal of the request.</param>
    /// <param name="programCounter">Program counter among the thread's registers, null when absent.</param>
    public static AddressKind Decide(int index, ulong address, bool fromContext, uint? signal, ulong? programCounter)
    {
        if (index != 0)
        {
            return fromContext ? AddressKind.Exact : AddressKind.Return;
        }

        // A faulting instruction is where the program counter is: a first frame elsewhere is a caller of it.
        return IsFault(signal) && programCounter is { } pc && pc != address ? AddressKind.Return : AddressKind.Exact;
    }

    /// <summary>All that <see cref="ProgramCounterName"/> gives.</summary>
    public static IReadOnlyList<string> ProgramCounterNames { get; } = ["rip", "eip", "pc", "srr0"];

    /// <summary>Register that holds the program counter in requests, null for CPUs without one there.</summary>
    public static string? ProgramCounterName(CpuFamily cpu) => cpu switch
    {
        CpuFamily.X86 => "eip",
        CpuFamily.Amd64 => "rip",
        CpuFamily.Arm or CpuFamily.Arm64 or CpuFamily.Arm64_32 or CpuFamily.Mips or CpuFamily.Mips64 => "pc",
        CpuFamily.Ppc or CpuFamily.Ppc64 => "srr0",
        _ => null,
    };

    /// <summary>Signals that a single instruction raises: SIGILL, SIGBUS (Linux), SIGFPE, SIGBUS (BSD, Darwin), SIGSEGV.</summary>
    private static bool IsFault(uint? signal) => signal is 4 or 7 or 8 or 10 or 11;

    private static ulong Alignment(CpuFamily cpu) => cpu switch
    {
        CpuFamily.Arm => 2, // Thumb
        CpuFamily.Arm64 or CpuFamily.Arm64_32 or CpuFamily.Ppc or CpuFamily.Mips or CpuFamily.Mips64 or CpuFamily.Wasm32 => 4,
        CpuFamily.Ppc64 => 8,
        _ => 1,
    };

    /// <summary>MIPS returns behind the delay slot of the call, two instructions on.</summary>
    private static ulong StepBack(CpuFamily cpu, ulong alignment) => cpu is CpuFamily.Mips or CpuFamily.Mips64 ? 8 : alignment;
}
