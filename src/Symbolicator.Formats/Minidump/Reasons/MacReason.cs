namespace Symbolicator.Formats.Minidump;

/// <summary>Mach exceptions (mach/exception_types.h); of their codes only those of bad accesses are named.</summary>
internal static class MacReason
{
    private static readonly string[] Exceptions =
    [
        "", "EXC_BAD_ACCESS", "EXC_BAD_INSTRUCTION", "EXC_ARITHMETIC", "EXC_EMULATION", "EXC_SOFTWARE", "EXC_BREAKPOINT",
        "EXC_SYSCALL", "EXC_MACH_SYSCALL", "EXC_RPC_ALERT", "EXC_CRASH", "EXC_RESOURCE", "EXC_GUARD", "EXC_CORPSE_NOTIFY",
    ];

    public static string? Describe(uint exception, uint code) => exception switch
    {
        0x4350_7378 => "Simulated Exception", // kMachExceptionSimulated of Crashpad
        1 when code == 1 => "EXC_BAD_ACCESS / KERN_INVALID_ADDRESS",
        1 when code == 2 => "EXC_BAD_ACCESS / KERN_PROTECTION_FAILURE",
        > 0 when exception < (uint)Exceptions.Length => $"{Exceptions[exception]} / 0x{code:x8}",
        _ => null,
    };
}
