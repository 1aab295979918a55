namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>Registers of the x64 calling convention of Windows.</summary>
internal static class Amd64Registers
{
    public const int StackPointer = 7; // rsp
    public const int ProgramCounter = 16; // rip

    /// <summary>Registers that machine code can number.</summary>
    public const int Count = 16;

    /// <summary>rbx, rsi, rdi, rbp, r12 to r15: a callee preserves them, so that the caller's values are known.</summary>
    public const ulong NonVolatile = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 0xf000;

    // In the order of machine code rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi; ours is that of DWARF.
    private static ReadOnlySpan<byte> FromMachineCode => [0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15];

    /// <summary>Our index of a register by its number in machine code.</summary>
    public static int IndexOf(int number) => FromMachineCode[number & 15];
}
