using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>One CONTEXT structure: how it is recognised and where its general registers lie.</summary>
internal sealed class ContextLayout
{
    private static readonly ContextLayout[] All =
    [
        new()
        {
            // CONTEXT of winnt.h for x86, MDRawContextX86
            Family = CpuFamily.X86,
            Size = 716,
            CpuFlag = 0x0001_0000, // CONTEXT_i386
            FlagsOffset = 0,
            Runs =
            [
                new(156, 4, [7, 6, 3, 2, 1, 0, 5, 8]), // edi esi ebx edx ecx eax ebp eip
                new(192, 4, [9, 4]), // eflags esp
            ],
        },
        new()
        {
            // CONTEXT of winnt.h for x64, MDRawContextAMD64: six parameter homes stand before the flags
            Family = CpuFamily.Amd64,
            Size = 1232,
            CpuFlag = 0x0010_0000, // CONTEXT_AMD64
            FlagsOffset = 48,
            Runs =
            [
                new(120, 8, [0, 2, 1, 3, 7, 6, 4, 5]), // rax rcx rdx rbx rsp rbp rsi rdi
                new(184, 8, [8, 9, 10, 11, 12, 13, 14, 15, 16]), // r8–r15 rip
            ],
        },
        new()
        {
            // MDRawContextARM of Breakpad; CONTEXT of winnt.h begins the same
            Family = CpuFamily.Arm,
            Size = 368,
            CpuFlag = 0x4000_0000, // MD_CONTEXT_ARM
            AlternativeCpuFlag = 0x0020_0000, // CONTEXT_ARM
            FlagsOffset = 0,
            Runs = [new(4, 4, Sequence(17))], // r0–r15 cpsr
        },
        new()
        {
            // CONTEXT of winnt.h for ARM64, MDRawContextARM64
            Family = CpuFamily.Arm64,
            Size = 912,
            CpuFlag = 0x0040_0000, // CONTEXT_ARM64
            FlagsOffset = 0,
            Runs = [new(8, 8, Sequence(33))], // x0–x28 fp lr sp pc
        },
        new()
        {
            // MDRawContextARM64_Old: 64-bit flags, packed
            Family = CpuFamily.Arm64,
            Size = 796,
            CpuFlag = 0x8000_0000, // MD_CONTEXT_ARM64_OLD
            FlagsOffset = 0,
            WideFlags = true,
            Runs = [new(8, 8, Sequence(33))],
        },
    ];

    /// <summary>CPU bits that stand for themselves; the higher ones are also used for other purposes on Windows.</summary>
    private const uint UnambiguousCpuFlags = 0x00ff_0000;

    public required CpuFamily Family { get; init; }

    public required int Size { get; init; }

    public required uint CpuFlag { get; init; }

    public uint AlternativeCpuFlag { get; init; }

    public required int FlagsOffset { get; init; }

    /// <summary>The flags have 64 bits, so that a big-endian writer puts the CPU bit into the second word.</summary>
    public bool WideFlags { get; init; }

    public required Run[] Runs { get; init; }

    /// <summary>The layout that fits best, null when none does.</summary>
    public static ContextLayout? Identify(ByteReader context, CpuFamily expected)
    {
        ContextLayout? best = null;
        int bestScore = 0;
        foreach (var layout in All)
        {
            int score = layout.Score(context, expected);
            if (score > bestScore)
            {
                bestScore = score;
                best = layout;
            }
        }

        return best;
    }

    public void ReadRegisters(ref ByteReader reader, ref RegisterState registers)
    {
        foreach (var run in Runs)
        {
            reader.Seek((ulong)run.Offset);
            foreach (int register in run.Registers)
            {
                registers.Set(register, reader.ReadWord(run.Width == 8));
            }
        }
    }

    /// <summary>0 when it cannot be this one.</summary>
    private int Score(ByteReader context, CpuFamily expected)
    {
        int length = context.Remaining;
        if (length < End)
        {
            return 0;
        }

        context.Seek((ulong)FlagsOffset);
        uint flags = WideFlags ? unchecked((uint)context.ReadU64()) : context.ReadU32();
        bool flagged = (flags & UnambiguousCpuFlags) is var own && own != 0
            ? own == CpuFlag || own == AlternativeCpuFlag
            : (flags & CpuFlag) != 0;

        // Flags left empty are forgiven only where size and system agree.
        if (!flagged && !(flags == 0 && length == Size && Family == expected))
        {
            return 0;
        }

        return 1 + (Family == expected ? 4 : 0) + (length == Size ? 2 : 0);
    }

    /// <summary>End of the last register that we read: contexts cut short behind it are still of use.</summary>
    private int End
    {
        get
        {
            var last = Runs[^1];
            return last.Offset + last.Width * last.Registers.Length;
        }
    }

    private static int[] Sequence(int count) => [.. Enumerable.Range(0, count)];

    /// <summary>Registers that lie one behind the other.</summary>
    internal sealed record Run(int Offset, int Width, int[] Registers);
}
