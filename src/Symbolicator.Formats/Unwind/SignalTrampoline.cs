using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind;

/// <summary>
/// Recognises the code to which the Linux kernel lets signal handlers return, and takes the interrupted registers from
/// the <c>rt_sigframe</c> on the stack (arch/*/kernel/signal.c, arch/*/include/uapi/asm/{sigcontext,ucontext}.h).
/// </summary>
internal static class SignalTrampoline
{
    private const ulong SigInfoSize = 128;

    // From a struct ucontext to its struct sigcontext: uc_flags, uc_link, uc_stack.
    private const ulong Head32 = 20;
    private const ulong Head64 = 40;

    // On AArch64 the mask comes before the registers, with room for 1024 signals, and these are aligned to 16 bytes.
    private const ulong Arm64Head = Head64 + 128 + 8;

    // DWARF numbers in the order of struct sigcontext; Other is a word that is none of ours.
    private const byte Other = byte.MaxValue;

    private static ReadOnlySpan<byte> Amd64Order => [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16];

    // gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, trapno, err, eip, cs, eflags
    private static ReadOnlySpan<byte> X86Order => [Other, Other, Other, Other, 7, 6, 5, 4, 3, 2, 1, 0, Other, Other, 8, Other, 9];

    // trap_no, error_code, oldmask, r0 to r15, cpsr
    private static ReadOnlySpan<byte> ArmOrder => [Other, Other, Other, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    // fault_address, x0 to x30, sp, pc
    private static ReadOnlySpan<byte> Arm64Order =>
    [
        Other, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    ];

    // mov $15, %rax; syscall
    private static ReadOnlySpan<byte> Amd64Code => [0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05];

    // mov $173, %eax; int $0x80
    private static ReadOnlySpan<byte> X86Code => [0xb8, 0xad, 0x00, 0x00, 0x00, 0xcd, 0x80];

    // mov r7, #173; svc #0
    private static ReadOnlySpan<byte> ArmCode => [0xad, 0x70, 0xa0, 0xe3, 0x00, 0x00, 0x00, 0xef];

    // mov r7, #173; swi #0x9000ad, as the kernel itself writes it
    private static ReadOnlySpan<byte> ArmKernelCode => [0xad, 0x70, 0xa0, 0xe3, 0xad, 0x00, 0x90, 0xef];

    // movs r7, #173; svc #0 in Thumb code
    private static ReadOnlySpan<byte> ThumbCode => [0xad, 0x27, 0x00, 0xdf];

    // mov x8, #139; svc #0
    private static ReadOnlySpan<byte> Arm64Code => [0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4];

    /// <summary>False when there is no trampoline at <paramref name="pc"/> or the dump lacks its code or frame.</summary>
    public static bool TryStep(ThreadScene scene, ulong pc, in RegisterState registers, out RegisterState interrupted)
    {
        interrupted = default;
        if (!registers.TryGet(scene.Cpu.StackPointer, out ulong stackPointer) || !IsAt(scene, pc))
        {
            return false;
        }

        unchecked
        {
            switch (scene.Cpu.Family)
            {
                case CpuFamily.Amd64:
                    return TryRead(scene, stackPointer + Head64, Amd64Order, ref interrupted);

                // The handler's arguments are still there: signal, siginfo, ucontext.
                case CpuFamily.X86:
                    return scene.Memory.TryReadUnsigned(stackPointer + 8, 4, out ulong context)
                        && TryRead(scene, context + Head32, X86Order, ref interrupted);

                case CpuFamily.Arm:
                    return TryRead(scene, stackPointer + SigInfoSize + Head32, ArmOrder, ref interrupted);

                case CpuFamily.Arm64:
                    return TryRead(scene, stackPointer + SigInfoSize + Arm64Head, Arm64Order, ref interrupted);

                default:
                    return false;
            }
        }
    }

    /// <summary>True when the dump has the code of a trampoline here.</summary>
    public static bool IsAt(ThreadScene scene, ulong pc) => scene.Cpu.Family switch
    {
        CpuFamily.Amd64 => IsAt(scene, pc, Amd64Code),
        CpuFamily.X86 => IsAt(scene, pc, X86Code),
        CpuFamily.Arm => IsAt(scene, pc, ArmCode) || IsAt(scene, pc, ArmKernelCode) || IsAt(scene, pc, ThumbCode),
        CpuFamily.Arm64 => IsAt(scene, pc, Arm64Code),
        _ => false,
    };

    private static bool IsAt(ThreadScene scene, ulong pc, ReadOnlySpan<byte> code)
    {
        Span<byte> found = stackalloc byte[16];
        found = found[..code.Length];
        return scene.Memory.TryRead(pc, found) && found.SequenceEqual(code);
    }

    private static bool TryRead(ThreadScene scene, ulong at, ReadOnlySpan<byte> order, ref RegisterState registers)
    {
        int size = scene.Cpu.PointerSize;
        foreach (byte register in order)
        {
            if (!scene.Memory.TryReadUnsigned(at, size, out ulong value))
            {
                return false;
            }

            if (register != Other)
            {
                registers.Set(register, value);
            }

            at = unchecked(at + (ulong)size);
        }

        return true;
    }
}
