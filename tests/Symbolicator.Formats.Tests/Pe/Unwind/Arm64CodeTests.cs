using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using static Symbolicator.Formats.Tests.Pe.Unwind.Arm64Walk;

namespace Symbolicator.Formats.Tests.Pe.Unwind;

/// <summary>
/// Unwind codes of .xdata. Each case is a prolog and an epilog as text and the codes that Microsoft's "ARM64 exception
/// handling" gives for them.
/// </summary>
public sealed class Arm64CodeTests
{
    [Theory]
    [InlineData("sub sp, sp, #496", "add sp, sp, #496; ret", new byte[] { 0x1f, 0xe4 })] // alloc_s
    [InlineData("sub sp, sp, #32752", "add sp, sp, #32752; ret", new byte[] { 0xc7, 0xff, 0xe4 })] // alloc_m
    [InlineData("sub sp, sp, #1048576", "add sp, sp, #1048576; ret", new byte[] { 0xe0, 0x01, 0x00, 0x00, 0xe4 })] // alloc_l
    [InlineData("stp x19, x20, [sp, #-248]!", "ldp x19, x20, [sp], #248; ret", new byte[] { 0x3f, 0xe4 })] // save_r19r20_x
    [InlineData(
        "sub sp, sp, #528; stp x29, lr, [sp, #504]", "ldp x29, lr, [sp, #504]; add sp, sp, #528; ret", new byte[] { 0x7f, 0xc0, 0x21, 0xe4 })] // save_fplr
    [InlineData("stp x29, lr, [sp, #-512]!", "ldp x29, lr, [sp], #512; ret", new byte[] { 0xbf, 0xe4 })] // save_fplr_x
    [InlineData(
        "sub sp, sp, #64; stp x27, x28, [sp, #40]", "ldp x27, x28, [sp, #40]; add sp, sp, #64; ret", new byte[] { 0xca, 0x05, 0x04, 0xe4 })] // save_regp
    [InlineData("stp x24, x25, [sp, #-512]!", "ldp x24, x25, [sp], #512; ret", new byte[] { 0xcd, 0x7f, 0xe4 })] // save_regp_x
    [InlineData(
        "sub sp, sp, #16; str lr, [sp, #8]", "ldr lr, [sp, #8]; add sp, sp, #16; ret", new byte[] { 0xd2, 0xc1, 0x01, 0xe4 })] // save_reg
    [InlineData("str x28, [sp, #-256]!", "ldr x28, [sp], #256; ret", new byte[] { 0xd5, 0x3f, 0xe4 })] // save_reg_x
    [InlineData(
        "sub sp, sp, #48; stp x27, lr, [sp, #32]", "ldp x27, lr, [sp, #32]; add sp, sp, #48; ret", new byte[] { 0xd7, 0x04, 0x03, 0xe4 })] // save_lrpair
    [InlineData("stp d14, d15, [sp, #-512]!", "ldp d14, d15, [sp], #512; ret", new byte[] { 0xdb, 0xbf, 0xe4 })] // save_fregp_x
    [InlineData(
        "sub sp, sp, #32; stp d8, d9, [sp, #16]", "ldp d8, d9, [sp, #16]; add sp, sp, #32; ret", new byte[] { 0xd8, 0x02, 0x02, 0xe4 })] // save_fregp
    [InlineData("sub sp, sp, #32; str d15, [sp, #8]", "ldr d15, [sp, #8]; add sp, sp, #32; ret", new byte[] { 0xdd, 0xc1, 0x02, 0xe4 })] // save_freg
    [InlineData("str d9, [sp, #-256]!", "ldr d9, [sp], #256; ret", new byte[] { 0xde, 0x3f, 0xe4 })] // save_freg_x
    [InlineData("stp x29, lr, [sp, #-16]!; mov x29, sp", "mov sp, x29; ldp x29, lr, [sp], #16; ret", new byte[] { 0xe1, 0x81, 0xe4 })] // set_fp
    [InlineData(
        "sub sp, sp, #96; stp x29, lr, [sp, #64]; add x29, sp, #64",
        "sub sp, x29, #64; ldp x29, lr, [sp, #64]; add sp, sp, #96; ret", new byte[] { 0xe2, 0x08, 0x48, 0x06, 0xe4 })] // add_fp
    [InlineData("nop; sub sp, sp, #16; nop", "nop; add sp, sp, #16; nop; ret", new byte[] { 0xe3, 0x01, 0xe3, 0xe4 })] // nop
    [InlineData(
        "pacibsp; stp x29, lr, [sp, #-32]!", "ldp x29, lr, [sp], #32; autibsp; ret", new byte[] { 0x83, 0xfc, 0xe4 })] // pac_sign_lr
    [InlineData(
        "stp x19, x20, [sp, #-64]!; stp x21, x22, [sp, #16]; stp x23, x24, [sp, #32]; str lr, [sp, #48]",
        "ldr lr, [sp, #48]; ldp x23, x24, [sp, #32]; ldp x21, x22, [sp, #16]; ldp x19, x20, [sp], #64; ret",
        new byte[] { 0xd2, 0xc6, 0xe6, 0xe6, 0xcc, 0x07, 0xe4 })] // save_next behind save_regp_x
    [InlineData(
        "stp x29, lr, [sp, #-80]!; stp x19, x20, [sp, #16]; stp x21, x22, [sp, #32]; stp d8, d9, [sp, #48]; stp d10, d11, [sp, #64]",
        "ldp d10, d11, [sp, #64]; ldp d8, d9, [sp, #48]; ldp x21, x22, [sp, #32]; ldp x19, x20, [sp, #16]; ldp x29, lr, [sp], #80; ret",
        new byte[] { 0xe6, 0xd8, 0x06, 0xe6, 0xc8, 0x02, 0x89, 0xe4 })] // save_next behind save_regp and save_fregp
    [InlineData(
        "stp x19, x20, [sp, #-32]!; stp x21, x22, [sp, #16]", "ldp x21, x22, [sp, #16]; ldp x19, x20, [sp], #32; ret",
        new byte[] { 0xe6, 0x24, 0xe4 })] // save_next behind save_r19r20_x
    [InlineData(
        "stp x29, lr, [sp, #-96]!; str x19, [sp, #24]; stp x20, x21, [sp, #32]; stp q8, q9, [sp, #48]; str d10, [sp, #80]",
        "ldr d10, [sp, #80]; ldp q8, q9, [sp, #48]; ldp x20, x21, [sp, #32]; ldr x19, [sp, #24]; ldp x29, lr, [sp], #96; ret",
        new byte[] { 0xe7, 0x0a, 0x4a, 0xe7, 0x48, 0x83, 0xe7, 0x54, 0x02, 0xe7, 0x13, 0x03, 0x8b, 0xe4 })] // save_any_reg
    [InlineData(
        "str x19, [sp, #-32]!; stp x20, x21, [sp, #-16]!; stp q6, q7, [sp, #-1024]!",
        "ldp q6, q7, [sp], #1024; ldp x20, x21, [sp], #16; ldr x19, [sp], #32; ret",
        new byte[] { 0xe7, 0x66, 0xbf, 0xe7, 0x74, 0x00, 0xe7, 0x33, 0x01, 0xe4 })] // save_any_reg, lowering
    public void Every_instruction_of_a_function_leads_to_its_caller(string prolog, string epilog, byte[] codes)
    {
        int length = (Split(prolog).Length + 2 + Split(epilog).Length) * 4;

        Check(Open(new Arm64ImageBuilder().Single(Start, length, 0, codes)), prolog, epilog);
        Check(Open(new Arm64ImageBuilder().Scoped(Start, length, [(length - (Split(epilog).Length * 4), 0)], codes)), prolog, epilog);
    }

    [Fact]
    public void Codes_of_an_epilog_can_differ_from_those_of_the_prolog()
    {
        byte[] codes = [0xe1, 0xc8, 0x02, 0x85, 0xe4, 0xc8, 0x02, 0x85, 0xe4];
        string prolog = "stp x29, lr, [sp, #-48]!; stp x19, x20, [sp, #16]; mov x29, sp";

        Check(Open(new Arm64ImageBuilder().Single(Start, 32, 5, codes)), prolog, "ldp x19, x20, [sp, #16]; ldp x29, lr, [sp], #48; ret");
    }

    [Fact]
    public void Each_epilog_is_found_at_its_own_start()
    {
        byte[] codes = [0x01, 0xe4, 0x02, 0xe4];
        var epilogs = new (int, int)[] { (8, 0), (24, 0), (40, 2) };
        foreach (bool extended in (bool[])[false, true])
        {
            var table = Open(new Arm64ImageBuilder().Scoped(Start, 64, epilogs, codes, extended));
            var machine = new Arm64Machine();

            ulong[] raised = [.. Enumerable.Range(0, 16).Select(i => StackAt(table, machine, Start + (uint)(4 * i)) - Arm64Machine.StackAtEntry)];

            // The prolog has one instruction; an epilog has one that raises the stack and one that returns.
            Assert.Equal([0, 16, 16, 0, 16, 16, 16, 0, 16, 16, 32, 0, 16, 16, 16, 16], raised);
        }
    }

    [Fact]
    public void A_fragment_without_prolog_undoes_the_prolog_of_the_function_it_was_cut_from()
    {
        // end_c, then what the parent's prolog did; one epilog of its own.
        var table = Open(new Arm64ImageBuilder().Scoped(Start, 32, [(24, 1)], [0xe5, 0xc8, 0x02, 0x85, 0xe4]));
        var machine = new Arm64Machine();
        machine.Execute("stp x29, lr, [sp, #-48]!");
        machine.Execute("stp x19, x20, [sp, #16]");

        for (uint at = Start; at < Start + 32; at += 4)
        {
            if (at == Start + 28)
            {
                machine.Execute("ldp x19, x20, [sp, #16]");
            }

            Assert.Equal(UnwindOutcome.Stepped, Step(table, at, machine, out var caller).Outcome);
            Assert.Equal(Arm64Machine.StackAtEntry, caller.GetOrZero(31));
            Assert.Equal(Arm64Machine.ReturnAddress, caller.GetOrZero(32));
            Assert.Equal(Arm64Machine.EntryValue(19), caller.GetOrZero(19));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xed, 0xe4 })]
    [InlineData(new byte[] { 0xef, 0xe4 })]
    [InlineData(new byte[] { 0xf0, 0xe4 })]
    [InlineData(new byte[] { 0xf8, 0x00, 0xe4 })]
    [InlineData(new byte[] { 0xfb, 0x00, 0x00, 0x00, 0x00, 0xe4 })]
    [InlineData(new byte[] { 0xfd, 0xe4 })]
    [InlineData(new byte[] { 0xff, 0xe4 })]
    [InlineData(new byte[] { 0xcb, 0x00, 0xe4 })] // save_regp of x31
    [InlineData(new byte[] { 0xd7, 0x40, 0xe4 })] // save_lrpair of x29
    [InlineData(new byte[] { 0xe7, 0x80, 0x00, 0xe4 })] // save_any_reg with its reserved bit
    [InlineData(new byte[] { 0xe7, 0x5e, 0x00, 0xe4 })] // save_any_reg of x30 and x31
    [InlineData(new byte[] { 0xe6, 0x01, 0xe4 })] // save_next before an allocation
    [InlineData(new byte[] { 0xe6, 0xd6, 0x00, 0xe4 })] // save_next before save_lrpair
    [InlineData(new byte[] { 0xe6, 0x81, 0xe4 })] // save_next behind x29 and lr
    [InlineData(new byte[] { 0xe3, 0xe3, 0xe3, 0xe0 })] // cut off
    public void Reserved_and_impossible_codes_fail(byte[] codes)
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, codes));

        var result = Step(table, Start + 32, new Arm64Machine(), out _);

        Assert.Equal(UnwindOutcome.Failed, result.Outcome);
        Assert.Equal(MalformedReason.BadValue, result.Fault.Reason);
        Assert.Equal(0x604, result.Fault.Offset); // headers, code and records before, then the header word
        Assert.Null(table.Describe(Start));
    }

    [Fact]
    public void An_epilog_whose_codes_are_not_there_fails()
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 5, 0x01, 0xe4));

        Assert.Equal(UnwindOutcome.Failed, Step(table, Start + 60, new Arm64Machine(), out _).Outcome);
    }

    [Fact]
    public void As_many_next_pairs_as_fit_into_a_record_are_refused()
    {
        byte[] codes = [.. Enumerable.Repeat((byte)0xe6, 112), 0xc8, 0x02, 0xe4];
        var table = Open(new Arm64ImageBuilder().Single(Start, 0x400, 0, codes));

        Assert.Equal(MalformedReason.BadValue, Step(table, Start + 0x300, new Arm64Machine(), out _).Fault.Reason);
        Assert.Null(table.Describe(Start));
    }

    [Fact]
    public void A_stack_of_vectors_of_unknown_length_is_not_guessed()
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, 0xdf, 0x02, 0xe4));

        Assert.Equal(MalformedReason.Unsupported, Step(table, Start + 32, new Arm64Machine(), out _).Fault.Reason);
    }

    [Fact]
    public void A_machine_frame_gives_stack_and_program_counter_of_interrupted_code()
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, 0x81, 0xe9, 0xe4));
        var machine = new Arm64Machine();
        machine.Execute("stp x29, lr, [sp, #-16]!");
        machine.Store(Arm64Machine.StackAtEntry, 0x7000_1000);
        machine.Store(Arm64Machine.StackAtEntry + 8, 0x1_4000_2468);

        var result = Step(table, Start + 32, machine, out var caller);

        Assert.Equal(new UnwindResult(UnwindOutcome.Stepped, SignalFrame: true), result);
        Assert.Equal(0x7000_1000UL, caller.GetOrZero(31));
        Assert.Equal(0x1_4000_2468UL, caller.GetOrZero(32));
        Assert.Equal(Arm64Machine.EntryValue(29), caller.GetOrZero(29));
        Assert.Equal(Arm64Machine.ReturnAddress, caller.GetOrZero(30));
    }

    [Theory]
    [InlineData(0xea, 8, 0xf8, 0x100, 0x108, 0x8 + (19 * 8))] // ARM64_NT_CONTEXT: x0, lr, sp, pc, x19
    [InlineData(0xeb, 0x80, 0x120, 0x98, 0xf8, 0xd8)] // ARM64EC_NT_CONTEXT
    [InlineData(0xe8, 0xa0, 0x138, 0x98, 0x148, -1)] // KTRAP_FRAME
    public void A_context_gives_all_its_registers(int code, int x0, int lr, int sp, int pc, int x19)
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, (byte)code, 0xe4));
        var machine = new Arm64Machine();
        for (ulong at = 0; at < 0x200; at += 8)
        {
            machine.Store(Arm64Machine.StackAtEntry + at, 0x4_0000_0000 + at);
        }

        var result = Step(table, Start, machine, out var caller);

        Assert.Equal(new UnwindResult(UnwindOutcome.Stepped, SignalFrame: true), result);
        Assert.Equal(0x4_0000_0000UL + (uint)x0, caller.GetOrZero(0));
        Assert.Equal(0x4_0000_0000UL + (uint)lr, caller.GetOrZero(30));
        Assert.Equal(0x4_0000_0000UL + (uint)sp, caller.GetOrZero(31));
        Assert.Equal(0x4_0000_0000UL + (uint)pc, caller.GetOrZero(32));
        Assert.Equal(x19 < 0 ? Arm64Machine.EntryValue(19) : 0x4_0000_0000UL + (uint)x19, caller.GetOrZero(19));
    }

    [Fact]
    public void Clear_unwound_to_call_makes_the_return_address_exact()
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, 0xec, 0xe4));

        Assert.Equal(new UnwindResult(UnwindOutcome.Stepped, SignalFrame: true), Step(table, Start, new Arm64Machine(), out _));
    }

    private static ulong StackAt(Formats.Pe.Unwind.Arm64UnwindTable table, Arm64Machine machine, uint rva)
    {
        Assert.Equal(UnwindOutcome.Stepped, Step(table, rva, machine, out var caller).Outcome);
        return caller.GetOrZero(31);
    }
}
