namespace Symbolicator.Formats.Model;

/// <summary>
/// What unwinding has to know of a CPU. Register indices equal its DWARF numbers (System V psABI supplements for
/// i386, x86-64, Arm and AArch64), so that no table translates them.
/// </summary>
public sealed class CpuProfile
{
    private static readonly CpuProfile X86 = new()
    {
        Family = CpuFamily.X86,
        PointerSize = 4,
        RegisterNames = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip", "eflags"],
        ProgramCounter = 8,
        StackPointer = 4,
        FramePointer = 5,
        LinkRegister = -1,
        CalleeSaved = Mask(3, 5, 6, 7),
        AddressMask = uint.MaxValue,
    };

    private static readonly CpuProfile Amd64 = new()
    {
        Family = CpuFamily.Amd64,
        PointerSize = 8,
        RegisterNames =
        [
            "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
            "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
        ],
        ProgramCounter = 16,
        StackPointer = 7,
        FramePointer = 6,
        LinkRegister = -1,
        CalleeSaved = Mask(3, 6, 12, 13, 14, 15),
        AddressMask = ulong.MaxValue,
    };

    /// <summary>The calling convention of Windows preserves rsi and rdi as well.</summary>
    private static readonly CpuProfile Amd64Windows = new()
    {
        Family = CpuFamily.Amd64,
        PointerSize = 8,
        RegisterNames = Amd64.RegisterNames,
        ProgramCounter = Amd64.ProgramCounter,
        StackPointer = Amd64.StackPointer,
        FramePointer = Amd64.FramePointer,
        LinkRegister = Amd64.LinkRegister,
        CalleeSaved = Amd64.CalleeSaved | Mask(4, 5),
        AddressMask = Amd64.AddressMask,
    };

    private static readonly CpuProfile Arm = new()
    {
        Family = CpuFamily.Arm,
        PointerSize = 4,
        RegisterNames =
        [
            "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "fp", "r12", "sp", "lr", "pc", "cpsr",
        ],
        ProgramCounter = 15,
        StackPointer = 13,
        FramePointer = 11,
        LinkRegister = 14,
        CalleeSaved = Mask(4, 5, 6, 7, 8, 9, 10, 11),
        AddressMask = uint.MaxValue,
    };

    private static readonly CpuProfile Arm64 = new()
    {
        Family = CpuFamily.Arm64,
        PointerSize = 8,
        RegisterNames =
        [
            "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
            "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
            "fp", "lr", "sp", "pc",
        ],
        ProgramCounter = 32,
        StackPointer = 31,
        FramePointer = 29,
        LinkRegister = 30,
        CalleeSaved = Mask(19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
        AddressMask = ulong.MaxValue,
    };

    private CpuProfile()
    {
    }

    public required CpuFamily Family { get; init; }

    /// <summary>Bytes of a pointer and of a stack slot.</summary>
    public required int PointerSize { get; init; }

    /// <summary>Names on the wire, by register index.</summary>
    public required IReadOnlyList<string> RegisterNames { get; init; }

    public required int ProgramCounter { get; init; }

    public required int StackPointer { get; init; }

    public required int FramePointer { get; init; }

    /// <summary>Register that holds the return address on entry, -1 where calls push it.</summary>
    public required int LinkRegister { get; init; }

    /// <summary>Registers that a callee preserves, besides the stack pointer (bit per index).</summary>
    public required ulong CalleeSaved { get; init; }

    /// <summary>All addresses of the CPU lie within this mask.</summary>
    public required ulong AddressMask { get; init; }

    /// <summary>Null for CPUs that we do not unwind.</summary>
    /// <param name="family">CPU.</param>
    /// <param name="windows">Code of Windows, whose calling convention differs on x86-64.</param>
    public static CpuProfile? For(CpuFamily family, bool windows = false) => family switch
    {
        CpuFamily.X86 => X86,
        CpuFamily.Amd64 => windows ? Amd64Windows : Amd64,
        CpuFamily.Arm => Arm,
        CpuFamily.Arm64 => Arm64,
        _ => null,
    };

    /// <summary>Index of a register by its name on the wire or a usual alias (<c>x29</c>, <c>r13</c>), -1 when there is none.</summary>
    public int IndexOf(ReadOnlySpan<char> name)
    {
        for (int i = 0; i < RegisterNames.Count; i++)
        {
            if (name.SequenceEqual(RegisterNames[i]))
            {
                return i;
            }
        }

        return Family switch
        {
            CpuFamily.Arm64 => name switch
            {
                "x29" => 29,
                "x30" => 30,
                _ => -1,
            },
            CpuFamily.Arm => name switch
            {
                "r11" => 11,
                "r13" => 13,
                "r14" => 14,
                "r15" => 15,
                _ => -1,
            },
            _ => -1,
        };
    }

    /// <summary>As above, of a name in ASCII as unwind rules write it; a leading <c>$</c> does not count.</summary>
    public int IndexOf(ReadOnlySpan<byte> name)
    {
        const int Longest = 16; // longer than the name of any register
        name = name.StartsWith("$"u8) ? name[1..] : name;
        if (name.Length > Longest)
        {
            return -1;
        }

        Span<char> text = stackalloc char[Longest];
        for (int i = 0; i < name.Length; i++)
        {
            text[i] = (char)name[i];
        }

        return IndexOf(text[..name.Length]);
    }

    private static ulong Mask(params ReadOnlySpan<int> registers)
    {
        ulong mask = 0;
        foreach (int register in registers)
        {
            mask |= 1UL << register;
        }

        return mask;
    }
}
