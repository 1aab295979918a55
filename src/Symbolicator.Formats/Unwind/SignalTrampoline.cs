using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind;

/// <summary>
/// Recognises the code to which the Linux kernel lets signal handlers return, and takes the interrupted registers from
/// the <c>rt_sigframe</c> on the stack (arch/*/include/uapi/asm/{sigcontext,ucontext}.h).
/// </summary>
internal static class SignalTrampoline
{
    // From the stack pointer at the trampoline to the saved registers.
    private const int SigInfoSize = 128;
    private const int Ucontext64Head = 40;     // uc_flags, uc_link, uc_stack
    private const int Amd64GeneralRegisters = Ucontext64Head;
    private const int Arm64Head = SigInfoSize + Ucontext64Head + 128 + 8; // uc_sigmask padded to 1024 bits, then 16-aligned

    private static ReadOnlySpan<byte> Amd64Code => [0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05]; // mov $15, %rax; syscall

    private static ReadOnlySpan<byte> Arm64Code => [0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4]; // mov x8, #139; svc #0

    // DWARF numbers in the order of struct sigcontext: r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip.
    private static ReadOnlySpan<byte> Amd64Order => [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16];

    /// <summary>False when there is no trampoline at <paramref name="pc"/> or the dump lacks its code or frame.</summary>
    public static bool TryStep(ThreadScene scene, ulong pc, in RegisterState registers, out RegisterState interrupted)
    {
        interrupted = default;
        if (!registers.TryGet(scene.Cpu.StackPointer, out ulong stackPointer))
        {
            return false;
        }

        switch (scene.Cpu.Family)
        {
            case CpuFamily.Amd64 when IsAt(scene, pc, Amd64Code):
                return TryRead(scene, unchecked(stackPointer + Amd64GeneralRegisters), Amd64Order, ref interrupted);

            case CpuFamily.Arm64 when IsAt(scene, pc, Arm64Code):
                return TryReadArm64(scene, unchecked(stackPointer + Arm64Head), ref interrupted);

            default:
                return false;
        }
    }

    private static bool IsAt(ThreadScene scene, ulong pc, ReadOnlySpan<byte> code)
    {
        Span<byte> found = stackalloc byte[16];
        found = found[..code.Length];
        return scene.Memory.TryRead(pc, found) && found.SequenceEqual(code);
    }

    private static bool TryRead(ThreadScene scene, ulong at, ReadOnlySpan<byte> order, ref RegisterState registers)
    {
        int size = scene.Cpu.PointerSize;
        for (int i = 0; i < order.Length; i++)
        {
            if (!scene.Memory.TryReadUnsigned(unchecked(at + (ulong)(i * size)), size, out ulong value))
            {
                return false;
            }

            registers.Set(order[i], value);
        }

        return true;
    }

    /// <summary>struct sigcontext: fault_address, then x0 to x30, sp, pc, which is the DWARF order.</summary>
    private static bool TryReadArm64(ThreadScene scene, ulong sigcontext, ref RegisterState registers)
    {
        for (int i = 0; i <= scene.Cpu.ProgramCounter; i++)
        {
            if (!scene.Memory.TryReadUnsigned(unchecked(sigcontext + 8 + (ulong)(i * 8)), 8, out ulong value))
            {
                return false;
            }

            registers.Set(i, value);
        }

        return true;
    }
}
