using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Minidump;

public sealed class MinidumpContextTests
{
    public static TheoryData<string, ushort, ushort> Layouts => new()
    {
        { "x86", MinidumpBuilder.X86, MinidumpBuilder.X86 },
        { "amd64", MinidumpBuilder.Amd64, MinidumpBuilder.Amd64 },
        { "arm", MinidumpBuilder.Arm, MinidumpBuilder.Arm },
        { "arm64", MinidumpBuilder.Arm64, MinidumpBuilder.Arm64 },
        { "arm64-old", MinidumpBuilder.Arm64, MinidumpBuilder.Arm64 },
        { "arm64-old", MinidumpBuilder.Arm64, 0x8003 },
        { "x86", MinidumpBuilder.X86, MinidumpBuilder.Amd64 }, // a 32-bit process as a 64-bit system describes it
        { "amd64", MinidumpBuilder.Amd64, 0xffff },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_context_is_known_by_its_own_flags_and_size(string layout, ushort cpu, ushort declared)
    {
        foreach (bool bigEndian in (bool[])[false, true])
        {
            var builder = new MinidumpBuilder(bigEndian);
            byte[] bytes = layout switch
            {
                "x86" => builder.X86Context(0x1234_5678, 0x0bfe_0010),
                "amd64" => builder.Amd64Context(0x1234_5678, 0x0bfe_0010),
                "arm" => builder.ArmContext(0x1234_5678, 0x0bfe_0010),
                "arm64" => builder.Arm64Context(0x1234_5678, 0x0bfe_0010),
                _ => builder.OldArm64Context(0x1234_5678, 0x0bfe_0010),
            };
            using var dump = MinidumpFileTests.Open(
                builder.System(declared, MinidumpBuilder.Linux).Threads(new MinidumpBuilder.Thread(1, bytes)));
            var context = dump.Threads[0].Context;
            Assert.NotNull(context);
            Assert.Equal(0x1234_5678u, context.ProgramCounter);
            Assert.Equal(0x0bfe_0010u, context.StackPointer);
            var expected = cpu switch
            {
                MinidumpBuilder.X86 => CpuFamily.X86,
                MinidumpBuilder.Amd64 => CpuFamily.Amd64,
                MinidumpBuilder.Arm => CpuFamily.Arm,
                _ => CpuFamily.Arm64,
            };
            Assert.Equal(expected, context.Family);
            Assert.Equal((1UL << context.Profile.RegisterNames.Count) - 1, context.Registers.ValidMask);
        }
    }

    [Fact]
    public void Every_amd64_register_comes_from_its_own_place()
    {
        // Offsets of winnt.h: Rax 120, then Rcx Rdx Rbx Rsp Rbp Rsi Rdi R8–R15 Rip.
        string[] order =
        [
            "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
        ];
        var builder = new MinidumpBuilder();
        byte[] bytes = builder.Amd64Context(0, 0);
        for (int i = 0; i < order.Length; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(120 + (8 * i)), 0x1000UL + (ulong)i);
        }

        using var dump = MinidumpFileTests.Open(
            builder.System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux).Threads(new MinidumpBuilder.Thread(1, bytes)));
        var context = dump.Threads[0].Context!;
        for (int i = 0; i < order.Length; i++)
        {
            Assert.Equal(0x1000UL + (ulong)i, context.Registers.GetOrZero(context.Profile.IndexOf(order[i])));
        }
    }

    [Fact]
    public void Every_x86_register_comes_from_its_own_place()
    {
        (string Name, int Offset)[] places =
        [
            ("edi", 156), ("esi", 160), ("ebx", 164), ("edx", 168), ("ecx", 172), ("eax", 176), ("ebp", 180), ("eip", 184),
            ("eflags", 192), ("esp", 196),
        ];
        var builder = new MinidumpBuilder();
        byte[] bytes = builder.X86Context(0, 0);
        foreach (var (_, offset) in places)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(offset), 0x1000u + (uint)offset);
        }

        using var dump = MinidumpFileTests.Open(
            builder.System(MinidumpBuilder.X86, MinidumpBuilder.Linux).Threads(new MinidumpBuilder.Thread(1, bytes)));
        var context = dump.Threads[0].Context!;
        foreach (var (name, offset) in places)
        {
            Assert.Equal(0x1000u + (uint)offset, context.Registers.GetOrZero(context.Profile.IndexOf(name)));
        }
    }

    [Theory]
    [InlineData(256)] // rip ends here
    [InlineData(255)]
    public void A_context_cut_behind_the_program_counter_is_still_read(int length)
    {
        var builder = new MinidumpBuilder();
        byte[] bytes = builder.Amd64Context(0x1234, 0x10)[..length];
        using var dump = MinidumpFileTests.Open(
            builder.System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux).Threads(new MinidumpBuilder.Thread(1, bytes)));
        if (length == 256)
        {
            Assert.Equal(0x1234u, dump.Threads[0].Context?.ProgramCounter);
        }
        else
        {
            Assert.Null(dump.Threads[0].Context);
            Assert.Equal(MalformedReason.Unsupported, dump.Faults.First[0].Fault.Reason);
        }
    }

    [Theory]
    [InlineData(MinidumpBuilder.Amd64)]
    [InlineData(MinidumpBuilder.X86)] // the x64 half of a 32-bit process
    public void A_context_with_extended_state_behind_it_is_read(ushort declared)
    {
        var builder = new MinidumpBuilder();
        byte[] bytes = [.. builder.Amd64Context(0x1234, 0x10), .. new byte[0x33f]];
        BitConverter.TryWriteBytes(bytes.AsSpan(48), 0x0010_005f); // CONTEXT_ALL and CONTEXT_XSTATE
        using var dump = MinidumpFileTests.Open(
            builder.System(declared, MinidumpBuilder.Windows).Threads(new MinidumpBuilder.Thread(1, bytes)));

        Assert.Equal((CpuFamily.Amd64, 0x1234ul), (dump.Threads[0].Context?.Family, dump.Threads[0].Context?.ProgramCounter ?? 0));
    }

    [Fact]
    public void Windows_flags_in_the_high_bits_are_not_taken_for_another_cpu()
    {
        var builder = new MinidumpBuilder();
        byte[] bytes = builder.X86Context(0x1234, 0x10);
        BitConverter.TryWriteBytes(bytes, 0xc801_003f); // exception reporting and request beside CONTEXT_i386
        using var dump = MinidumpFileTests.Open(
            builder.System(MinidumpBuilder.X86, MinidumpBuilder.Windows).Threads(new MinidumpBuilder.Thread(1, bytes)));
        Assert.Equal(CpuFamily.X86, dump.Threads[0].Context?.Family);
    }
}
