using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using static Symbolicator.Formats.Tests.Pe.Unwind.Amd64Image;

namespace Symbolicator.Formats.Tests.Pe.Unwind;

/// <summary>
/// Steps worked out by hand from "x64 exception handling" and "x64 prolog and epilog". Codes are written as they lie in the
/// file: offset, then register or size in the upper and operation in the lower four bits.
/// </summary>
public sealed class Amd64StepTests
{
    private const uint F = Code;

    [Theory]
    [InlineData(0, 0, false, false)]
    [InlineData(1, 8, true, false)] // push rbx
    [InlineData(2, 8, true, false)]
    [InlineData(3, 16, true, true)] // push r12
    [InlineData(7, 48, true, true)] // sub rsp, 32
    [InlineData(9, 48, true, true)]
    public void Only_the_executed_part_of_a_prologue_is_undone(int offset, int depth, bool rbx, bool r12)
    {
        var image = new Amd64Image();
        image.Record(F, F + 32, image.AddInfo(0x01, 7, 3, 0, 7, 0x32, 3, 0xc0, 1, 0x30));

        Assert.Equal(new UnwindResult(UnwindOutcome.Stepped), image.Step(F + (uint)offset, out var caller));
        Assert.Equal(Word(Stack + (ulong)depth), caller.GetOrZero(Rip));
        Assert.Equal(Stack + (ulong)depth + 8, caller.GetOrZero(Rsp));
        Assert.Equal(rbx ? Word(Stack + (ulong)depth - 8) : Rbx, caller.GetOrZero(Rbx));
        Assert.Equal(r12 ? Word(Stack + (ulong)depth - 16) : R12, caller.GetOrZero(R12));
    }

    [Fact]
    public void Callee_saved_registers_are_kept_and_others_unknown()
    {
        var image = new Amd64Image();
        image.Record(F, F + 32, image.AddInfo(0x01, 0, 0, 0));
        image.Step(F + 8, out var caller);

        // rbx, rsi, rdi, rbp, rsp, r12 to r15, rip
        Assert.Equal(0b1_1111_0000_1111_1000ul, caller.ValidMask);
        Assert.Equal([3ul, 4, 5, 6, 12, 13, 14, 15], new[] { 3, 4, 5, 6, 12, 13, 14, 15 }.Select(caller.GetOrZero));
    }

    [Fact]
    public void Large_allocations_and_saves_are_undone()
    {
        var image = new Amd64Image();
        image.Record(F, F + 32, image.AddInfo(
            0x01, 20, 13, 0,
            20, 0x68, 1, 0, // SAVE_XMM128
            19, 0x79, 0x10, 0, 1, 0, // SAVE_XMM128_FAR
            18, 0x74, 5, 0, // SAVE_NONVOL rdi at 40
            16, 0x65, 0x08, 0x00, 0x01, 0x00, // SAVE_NONVOL_FAR rsi at 0x10008
            12, 0x11, 0x00, 0x01, 0x01, 0x00)); // ALLOC_LARGE 0x10100

        Assert.Equal(UnwindOutcome.Stepped, image.Step(F + 24, out var caller).Outcome);
        Assert.Equal(Stack + 0x10108, caller.GetOrZero(Rsp));
        Assert.Equal((Word(Stack + 40), Word(Stack + 0x10008)), (caller.GetOrZero(Rdi), caller.GetOrZero(Rsi)));

        image.Step(F + 17, out caller); // the saves of rdi and the vectors are still to come
        Assert.Equal((5ul, Word(Stack + 0x10008)), (caller.GetOrZero(Rdi), caller.GetOrZero(Rsi)));
    }

    [Fact]
    public void Sixteen_bits_of_a_large_allocation_count_eights()
    {
        var image = new Amd64Image();
        image.Record(F, F + 32, image.AddInfo(0x01, 7, 2, 0, 7, 0x01, 0x05, 0x02));
        image.Step(F + 7, out var caller);

        Assert.Equal(Stack + 0x205 * 8 + 8, caller.GetOrZero(Rsp));
    }

    [Theory]
    [InlineData(4, Stack + 16)] // push rbp and sub rsp are all that has been done
    [InlineData(9, 0x50_1020 - 0x20 + 16)] // lea rbp, [rsp + 32]: from there on the stack pointer may be anywhere
    [InlineData(20, 0x50_1020 - 0x20 + 16)]
    public void Frame_register_counts_once_it_is_set(int offset, ulong rbpSlotEnd)
    {
        var image = new Amd64Image();
        image.Record(F, F + 64, image.AddInfo(
            0x01, 14, 5, 0x25,
            14, 0x64, 6, 0, // SAVE_NONVOL rsi at 48 from the frame
            9, 0x03, // SET_FPREG
            4, 0x02, // ALLOC_SMALL 8
            1, 0x50)); // PUSH_NONVOL rbp
        var registers = Registers();
        registers.Set(Rbp, 0x50_1020);

        Assert.Equal(UnwindOutcome.Stepped, image.Step(F + (uint)offset, out var caller, registers).Outcome);
        Assert.Equal(rbpSlotEnd + 8, caller.GetOrZero(Rsp));
        Assert.Equal(Word(rbpSlotEnd - 8), caller.GetOrZero(Rbp));
        Assert.Equal(Word(rbpSlotEnd), caller.GetOrZero(Rip));
        Assert.Equal(offset < 14 ? Rsi : Word(0x50_1000 + 48), caller.GetOrZero(Rsi));
    }

    [Fact]
    public void Unknown_frame_register_is_a_failure()
    {
        var image = new Amd64Image();
        image.Record(F, F + 64, image.AddInfo(0x01, 9, 1, 0x25, 9, 0x03));
        var registers = Registers();
        registers.Invalidate(Rbp);

        Assert.Equal(UnwindOutcome.Failed, image.Step(F + 20, out _, registers).Outcome);
    }

    [Fact]
    public void Parts_of_a_function_undo_their_own_and_then_all_of_what_was_before()
    {
        var image = new Amd64Image();
        uint first = image.AddInfo(0x01, 5, 2, 0, 5, 0x72, 1, 0x30); // push rbx; sub rsp, 64
        uint second = image.AddChained([5, 0x64, 5, 0], F, F + 16, first, prologue: 5); // SAVE_NONVOL rsi at 40
        uint third = image.AddChained([5, 0x74, 6, 0], F + 16, F + 32, second, prologue: 5); // SAVE_NONVOL rdi at 48
        image.Record(F, F + 16, first).Record(F + 16, F + 32, second).Record(F + 32, F + 48, third);

        Assert.Equal(UnwindOutcome.Stepped, image.Step(F + 40, out var caller).Outcome);
        Assert.Equal(Stack + 80, caller.GetOrZero(Rsp));
        Assert.Equal(
            (Word(Stack + 64), Word(Stack + 40), Word(Stack + 48), Word(Stack + 72)),
            (caller.GetOrZero(Rbx), caller.GetOrZero(Rsi), caller.GetOrZero(Rdi), caller.GetOrZero(Rip)));

        image.Step(F + 34, out caller); // rdi is not saved yet
        Assert.Equal((Word(Stack + 40), 5ul), (caller.GetOrZero(Rsi), caller.GetOrZero(Rdi)));
    }

    [Fact]
    public void Record_that_refers_to_another_one_has_its_rules()
    {
        var image = new Amd64Image();
        image.Record(F, F + 16, image.AddInfo(0x01, 5, 2, 0, 5, 0x72, 1, 0x30));
        image.Record(F + 0x100, F + 0x110, Records | 1);

        // Even its first instruction lies behind the prologue.
        Assert.Equal(UnwindOutcome.Stepped, image.Step(F + 0x100, out var caller).Outcome);
        Assert.Equal((Stack + 80, Word(Stack + 64)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rbx)));

        // Windows does not look further than that.
        image.Record(F + 0x200, F + 0x210, (Records + 12) | 1);
        Assert.Equal(MalformedReason.Cycle, image.Step(F + 0x200, out _).Fault.Reason);
    }

    [Theory]
    [InlineData(0x0a, 0)]
    [InlineData(0x1a, 8)] // an error code lies in front
    public void Machine_frame_leads_to_what_was_interrupted(byte code, int behind)
    {
        var image = new Amd64Image();
        image.Record(F, F + 32, image.AddInfo(0x01, 5, 3, 0, 5, 0x32, 1, 0x50, 0, code)); // push rbp; sub rsp, 32
        var result = image.Step(F + 8, out var caller);

        Assert.Equal(new UnwindResult(UnwindOutcome.Stepped, SignalFrame: true), result);
        Assert.Equal(Word(Stack + 40 + (ulong)behind), caller.GetOrZero(Rip));
        Assert.Equal(Word(Stack + 40 + 24 + (ulong)behind), caller.GetOrZero(Rsp));
        Assert.Equal(Word(Stack + 32), caller.GetOrZero(Rbp));
        Assert.False(caller.IsValid(Rax));
    }

    [Fact]
    public void Caller_is_judged_by_its_return_address()
    {
        // A call inside of a prologue (__chkstk): what follows the call has not been executed, the push before it has.
        var image = new Amd64Image();
        image.Record(F, F + 32, image.AddInfo(0x01, 14, 3, 0, 14, 0x01, 0x10, 0x00, 1, 0x30));

        image.Step(F + 11, out var caller, isCaller: true);
        Assert.Equal((Stack + 16, Word(Stack)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rbx)));
        image.Step(F + 14, out caller, isCaller: true);
        Assert.Equal((Stack + 0x80 + 16, Word(Stack + 0x80)), (caller.GetOrZero(Rsp), caller.GetOrZero(Rbx)));
    }

    [Fact]
    public void Caller_whose_call_ends_its_function_is_found()
    {
        var image = new Amd64Image();
        image.Record(F, F + 16, image.AddInfo(0x01, 4, 1, 0, 4, 0x42)).Record(F + 16, F + 32, image.AddInfo(0x01, 0, 0, 0));
        image.Step(F + 16, out var caller, isCaller: true);

        Assert.Equal(Stack + 48, caller.GetOrZero(Rsp));
    }

    [Fact]
    public void Code_without_a_record_is_a_leaf_only_where_it_was_interrupted()
    {
        var image = new Amd64Image();
        image.Record(F + 0x100, F + 0x110, image.AddInfo(0x01, 0, 0, 0));

        Assert.Equal(new UnwindResult(UnwindOutcome.Stepped), image.Step(F + 0x80, out var caller));
        Assert.Equal((Word(Stack), Stack + 8, 3ul), (caller.GetOrZero(Rip), caller.GetOrZero(Rsp), caller.GetOrZero(Rbx)));
        Assert.False(caller.IsValid(Rax));
        Assert.Equal(UnwindOutcome.NotCovered, image.Step(F + 0x80, out _, isCaller: true).Outcome);
        Assert.Equal(UnwindOutcome.NotCovered, image.Step(Info, out _).Outcome); // no code there
        Assert.False(image.Table().Covers(F + 0x80));
        Assert.True(image.Table().Covers(F + 0x10f));
        Assert.False(image.Table().Covers(F + 0x110));
    }

    /// <summary>Assembler code may push without saying so.</summary>
    [Theory]
    [InlineData(0, UnwindOutcome.Stepped)]
    [InlineData(8, UnwindOutcome.NotCovered)]
    public void Leaf_returns_to_a_call(ulong at, UnwindOutcome outcome)
    {
        var image = new Amd64Image();
        image.Record(F + 0x100, F + 0x110, image.AddInfo(0x01, 0, 0, 0));
        var registers = Registers();
        registers.Set(Rip, Base + F + 0x80);

        var frame = new UnwindFrame(F + 0x80, Base, Returns: new OnlyReturn(Word(Stack + at)));
        Assert.Equal(outcome, image.Table().Step(frame, registers, image.Memory, out _).Outcome);
    }

    [Theory]
    [InlineData(2, 0u, UnwindOutcome.Stepped)]
    [InlineData(1, 0u, UnwindOutcome.NotCovered)] // over the limit
    [InlineData(2, 12u, UnwindOutcome.NotCovered)] // not in the file
    public void Nothing_is_a_leaf_where_records_are_missing(int limit, uint missing, UnwindOutcome outcome)
    {
        var image = new Amd64Image { MissingRecordBytes = missing };
        uint info = image.AddInfo(0x01, 0, 0, 0);
        image.Record(F, F + 16, info).Record(F + 16, F + 32, info);
        var registers = Registers();
        registers.Set(Rip, Base + F + 0x80);

        var table = image.Table(new ParseLimits { UnwindEntries = limit });
        Assert.Equal(outcome, table.Step(new UnwindFrame(F + 0x80, Base), registers, image.Memory, out _).Outcome);
    }

    [Fact]
    public void Saved_register_that_cannot_be_read_is_unknown_and_a_return_address_is_a_failure()
    {
        var image = new Amd64Image();
        image.Record(F, F + 32, image.AddInfo(0x01, 4, 3, 0, 4, 0x34, 0xff, 0xff, 4, 0x02)); // rbx far above, sub rsp, 8
        Assert.Equal(UnwindOutcome.Stepped, image.Step(F + 8, out var caller).Outcome);
        Assert.False(caller.IsValid(Rbx));

        var registers = Registers();
        registers.Set(Rsp, 0x1000);
        Assert.Equal(UnwindOutcome.Failed, image.Step(F + 8, out _, registers).Outcome);
        registers.Invalidate(Rsp);
        Assert.Equal(UnwindOutcome.Failed, image.Step(F + 8, out _, registers).Outcome);
    }

    [Theory]
    [InlineData(MalformedReason.BadVersion, new byte[] { 0x03, 0, 0, 0 })]
    [InlineData(MalformedReason.BadVersion, new byte[] { 0x00, 0, 0, 0 })]
    [InlineData(MalformedReason.UnknownForm, new byte[] { 0x01, 4, 1, 0, 4, 0x0b })] // not an operation
    [InlineData(MalformedReason.UnknownForm, new byte[] { 0x01, 4, 1, 0, 4, 0x21 })] // ALLOC_LARGE of neither size
    [InlineData(MalformedReason.UnknownForm, new byte[] { 0x01, 4, 1, 0, 4, 0x34 })] // an operand is missing
    [InlineData(MalformedReason.UnknownForm, new byte[] { 0x01, 4, 1, 0, 4, 0x2a })] // PUSH_MACHFRAME of no kind
    [InlineData(MalformedReason.Truncated, new byte[] { 0x01, 4, 255, 0 })]
    public void Malformed_information_fails_where_it_lies(MalformedReason reason, byte[] info)
    {
        var image = new Amd64Image();
        image.Record(F, F + 32, image.AddInfo(info));
        using var file = image.Open();

        long offset = PeBuilder.HeaderBytes + 0x800 + 0x200;
        Assert.Equal(new UnwindResult(UnwindOutcome.Failed, Fault: new ParseFault(reason, offset)), image.Step(F + 8, out _));
        Assert.Null(file.OpenUnwindTable()!.Describe(F));
        Assert.Equal(new ParseFault(reason, offset), Assert.Single(file.Faults.First).Fault);
    }

    [Fact]
    public void Circles_end_at_once()
    {
        var chain = new Amd64Image();
        chain.Record(F, F + 32, chain.AddChained([], F, F + 32, Info));
        Assert.Equal(MalformedReason.Cycle, chain.Step(F + 8, out _).Fault.Reason);
        Assert.Null(chain.Table().Describe(F));

        var indirect = new Amd64Image().Record(F, F + 32, Records | 1);
        indirect.AddInfo(1);
        Assert.Equal(MalformedReason.Cycle, indirect.Step(F + 8, out _).Fault.Reason);
        Assert.Null(indirect.Table().Describe(F));
    }

    [Theory]
    [InlineData(32, UnwindOutcome.Stepped)]
    [InlineData(33, UnwindOutcome.Failed)]
    public void Chains_are_followed_as_far_as_windows_does(int links, UnwindOutcome outcome)
    {
        var image = new Amd64Image();
        uint info = image.AddInfo(0x01, 0, 1, 0, 0, 0x02);
        for (int i = 0; i < links; i++)
        {
            info = image.AddChained([], F, F + 32, info);
        }

        image.Record(F, F + 32, info);
        Assert.Equal(outcome, image.Step(F + 8, out _).Outcome);
    }

    [Fact]
    public void Records_that_are_not_sorted_are_found()
    {
        var image = new Amd64Image();
        uint eight = image.AddInfo(0x01, 0, 1, 0, 0, 0x02);
        uint none = image.AddInfo(0x01, 0, 0, 0);
        image.Record(F + 0x40, F + 0x50, eight).Record(0, 0, 0).Record(F + 0x20, F + 0x30, none).Record(F, F + 0x10, eight).Record(0, 0, 0);
        var table = image.Table();

        Assert.Equal([true, false, true, false, true, false], new uint[] { 0, 0x10, 0x2f, 0x30, 0x40, 0x50 }.Select(at => table.Covers(F + at)));
        image.Step(F + 0x48, out var caller);
        Assert.Equal(Stack + 16, caller.GetOrZero(Rsp));
        Assert.Equal(3 * sizeof(int), table.EstimatedBytes);
    }

    [Fact]
    public void Sorted_records_take_no_memory()
    {
        var image = new Amd64Image();
        uint info = image.AddInfo(0x01, 0, 0, 0);
        image.Record(F, F + 16, info).Record(F + 16, F + 32, info).Record(0, 0, 0);

        Assert.Equal((0L, false), (image.Table().EstimatedBytes, image.Table().IsEmpty));
    }

    [Fact]
    public void Records_at_the_limit_are_read_and_one_more_is_logged()
    {
        var image = new Amd64Image();
        uint info = image.AddInfo(0x01, 0, 0, 0);
        image.Record(F, F + 16, info).Record(F + 16, F + 32, info);
        using var past = image.Open(new ParseLimits { UnwindEntries = 1 });

        Assert.True(image.Table(new ParseLimits { UnwindEntries = 2 }).Covers(F + 16));
        Assert.False(past.OpenUnwindTable()!.Covers(F + 16));
        Assert.Equal(MalformedReason.CountOverLimit, Assert.Single(past.Faults.First).Fault.Reason);
    }

    [Fact]
    public void Table_without_any_unwind_data_in_the_file_is_none()
    {
        using var image = new Amd64Image().Record(F, F + 16, 0x9000).Open();

        Assert.Null(image.OpenUnwindTable());
        Assert.Equal(ObjectFeatures.None, image.Features);
    }

    [Fact]
    public void Code_is_handed_out_from_executable_sections_only()
    {
        var image = new Amd64Image().Write(F + 4, 0xe8, 1, 2);
        image.Record(F, F + 16, image.AddInfo(0x01, 0, 0, 0));
        var code = (ICodeView)image.Table();
        byte[] read = new byte[3];

        Assert.True(code.TryReadCode(F + 4, read));
        Assert.Equal([0xe8, 1, 2], read);
        Assert.False(code.TryReadCode(Records, read));
        Assert.False(code.TryReadCode(F + 0x7fe, read));
    }

    [Fact]
    public void Steps_allocate_nothing()
    {
        var image = new Amd64Image().Write(F + 16, 0x48, 0x83, 0xc4, 0x20, 0x5b, 0xc3);
        image.Record(F, F + 32, image.AddInfo(0x01, 5, 2, 0, 5, 0x32, 1, 0x30));
        var table = image.Table();
        var registers = Registers();
        registers.Set(Rip, Base + F + 16);

        Assert.Equal(0, Allocated.Fewest(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                table.Step(new UnwindFrame(F + 16, Base), registers, image.Memory, out _);
                table.Step(new UnwindFrame(F + 8, Base), registers, image.Memory, out _);
            }
        }));
    }
}
