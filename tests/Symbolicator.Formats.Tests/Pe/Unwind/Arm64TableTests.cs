using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using static Symbolicator.Formats.Tests.Pe.Unwind.Arm64Walk;

namespace Symbolicator.Formats.Tests.Pe.Unwind;

public sealed class Arm64TableTests
{
    private static readonly byte[] Chain = [0xe1, 0xc8, 0x02, 0x85, 0xe4]; // x29, lr, x19 and x20 in 48 bytes

    [Fact]
    public void Code_without_a_record_returns_by_its_link_register_in_the_innermost_frame_only()
    {
        var table = Open(new Arm64ImageBuilder().Packed(Start, 64));
        var machine = new Arm64Machine();
        const uint leaf = Start + 64;

        Assert.False(table.Covers(leaf));
        Assert.Equal(UnwindOutcome.Stepped, Step(table, leaf, machine, out var caller).Outcome);
        Assert.Equal(Arm64Machine.ReturnAddress, caller.GetOrZero(32));
        Assert.Equal(Arm64Machine.StackAtEntry, caller.GetOrZero(31));
        Assert.Equal(Arm64Machine.EntryValue(29), caller.GetOrZero(29));
        Assert.False(caller.IsValid(30));
        Assert.False(caller.IsValid(0));

        // As the caller of somebody, looked up inside its call.
        var called = machine.Registers(Base + leaf + 4);
        Assert.Equal(UnwindOutcome.NotCovered, table.Step(new UnwindFrame(leaf, Base), called, machine, out _).Outcome);
    }

    [Theory]
    [InlineData(Arm64ImageBuilder.CodeRva - 4)]
    [InlineData(Arm64ImageBuilder.CodeRva + Arm64ImageBuilder.CodeSize)]
    [InlineData(Arm64ImageBuilder.XdataRva)]
    [InlineData(uint.MaxValue)]
    public void Addresses_outside_of_code_are_not_covered(uint rva)
    {
        var table = Open(new Arm64ImageBuilder().Packed(Start, 64));

        Assert.Equal(UnwindOutcome.NotCovered, Step(table, rva, new Arm64Machine(), out _).Outcome);
        Assert.Null(table.Describe(rva));
    }

    [Fact]
    public void A_caller_needs_its_saved_link_register()
    {
        // Packed without lr: possible in the innermost frame, in another one the return address is nowhere.
        var table = Open(new Arm64ImageBuilder().Packed(Start, 64, integers: 2, frame: 16));
        var machine = new Arm64Machine();
        machine.Execute("stp x19, x20, [sp, #-16]!");
        var registers = machine.Registers(Base + Start + 36);
        registers.Invalidate(30);

        var result = table.Step(new UnwindFrame(Start + 32, Base), registers, machine, out _);

        Assert.Equal(new UnwindResult(UnwindOutcome.Failed, Fault: new ParseFault(MalformedReason.OutOfRange, 0x400)), result);
    }

    [Fact]
    public void The_frame_pointer_finds_a_frame_whose_stack_pointer_is_not_known()
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, Chain));
        var machine = new Arm64Machine();
        machine.Execute("stp x29, lr, [sp, #-48]!");
        machine.Execute("stp x19, x20, [sp, #16]");
        machine.Execute("mov x29, sp");
        var registers = machine.Registers(Base + Start + 36);
        registers.Invalidate(31);

        Assert.Equal(UnwindOutcome.Stepped, table.Step(new UnwindFrame(Start + 32, Base), registers, machine, out var caller).Outcome);
        Assert.Equal(Arm64Machine.StackAtEntry, caller.GetOrZero(31));
        Assert.Equal(Arm64Machine.ReturnAddress, caller.GetOrZero(32));

        registers.Invalidate(29);
        Assert.Equal(UnwindOutcome.Failed, table.Step(new UnwindFrame(Start + 32, Base), registers, machine, out _).Outcome);
    }

    [Fact]
    public void An_unreadable_slot_loses_its_register_alone()
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, 0xc8, 0x02, 0xe4));
        var machine = new Arm64Machine();
        machine.Store(Arm64Machine.StackAtEntry + 24, 20);

        Assert.Equal(UnwindOutcome.Stepped, Step(table, Start + 32, machine, out var caller).Outcome);
        Assert.False(caller.IsValid(19));
        Assert.Equal(20UL, caller.GetOrZero(20));
    }

    [Fact]
    public void Signatures_of_return_addresses_are_taken_off_in_both_halves_of_memory()
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, 0xfc, 0xe4));
        foreach (var (signed, plain) in ((ulong, ulong)[])[(0x5a2a_7ff6_1234_5678, 0x7ff6_1234_5678), (0x5aaa_f806_1234_5678, 0xffff_f806_1234_5678)])
        {
            var machine = new Arm64Machine();
            var registers = machine.Registers(Base + Start + 32);
            registers.Set(30, signed);

            Assert.Equal(UnwindOutcome.Stepped, table.Step(new UnwindFrame(Start + 32, Base), registers, machine, out var caller).Outcome);
            Assert.Equal(plain, caller.GetOrZero(32));
        }
    }

    [Fact]
    public void Records_are_found_in_any_order_and_unused_ones_are_skipped()
    {
        var table = Open(new Arm64ImageBuilder()
            .Record(0, 0).Packed(Start + 0x80, 64, frame: 32).Packed(Start, 64, frame: 16).Record(0, 0).Packed(Start + 0x40, 64, frame: 48));
        var machine = new Arm64Machine();

        ulong Frame(uint at) => Step(table, at, machine, out var caller).Outcome == UnwindOutcome.Stepped
            ? caller.GetOrZero(31) - Arm64Machine.StackAtEntry
            : ulong.MaxValue;

        Assert.Equal([16UL, 48UL, 32UL], [Frame(Start + 0x20), Frame(Start + 0x60), Frame(Start + 0xa0)]);
        Assert.Equal(24, table.EstimatedBytes);
        Assert.False(table.Covers(Start + 0xc0));
    }

    [Fact]
    public void A_record_that_cannot_be_read_covers_all_up_to_the_next_one()
    {
        var table = Open(new Arm64ImageBuilder()
            .Record(Start, 0x70_0000).Record(Start + 0x40, 3).Packed(Start + 0x80, 64));
        foreach (uint at in (uint[])[Start, Start + 0x3c, Start + 0x40, Start + 0x7c])
        {
            // Not the link register: the code may have saved it.
            Assert.True(table.Covers(at));
            Assert.Equal(UnwindOutcome.Failed, Step(table, at, new Arm64Machine(), out _).Outcome);
            Assert.Null(table.Describe(at));
        }

        Assert.Equal(ulong.MaxValue, Open(new Arm64ImageBuilder().Record(Start, 3)).EndAt(Start));
    }

    [Fact]
    public void Damaged_xdata_fails_with_offset_and_reason()
    {
        (byte[] Xdata, MalformedReason Reason, int Offset)[] cases =
        [
            ([0x10, 0, 0x04, 0x08], MalformedReason.BadVersion, 4),
            ([0x10, 0, 0, 0x08], MalformedReason.Truncated, 4), // one word of codes promised
            ([0x10, 0, 0x40, 0x00], MalformedReason.Truncated, 4), // one scope promised
            ([0x10, 0, 0, 0x00], MalformedReason.Truncated, 4), // an extended header promised
        ];
        foreach (var (xdata, reason, offset) in cases)
        {
            var table = Open(new Arm64ImageBuilder().Raw(Start, xdata));

            var result = Step(table, Start + 8, new Arm64Machine(), out _);

            Assert.Equal(new UnwindResult(UnwindOutcome.Failed, Fault: new ParseFault(reason, 0x600 + offset)), result);
        }
    }

    [Fact]
    public void Records_over_the_limit_are_left_out()
    {
        byte[] image = new Arm64ImageBuilder().Packed(Start, 64).Packed(Start + 64, 64).Packed(Start + 128, 64).ToArray();

        Assert.True(Open(image, ParseLimits.Default with { UnwindEntries = 3 })!.Covers(Start + 128));
        var cut = Open(image, ParseLimits.Default with { UnwindEntries = 2 })!;
        Assert.False(cut.Covers(Start + 128));

        // What has no record then is not known to be a leaf.
        Assert.Equal(UnwindOutcome.NotCovered, Step(cut, Start + 128, new Arm64Machine(), out _).Outcome);
    }

    [Fact]
    public void Functions_end_with_their_fragments()
    {
        var table = Open(new Arm64ImageBuilder()
            .Packed(Start, 64).Single(Start + 64, 64, 0, 0xe5, 0x01, 0xe4).Packed(Start + 128, 64, flag: 2).Packed(Start + 192, 64)
            .Packed(Start + 320, 64, flag: 2));

        Assert.Equal([Start, Start + 192UL, Start + 192UL, Start + 256UL, Start + 320UL, Start + 384UL, ulong.MaxValue], [
            table.EndAt(0), table.EndAt(Start), table.EndAt(Start + 65), table.EndAt(Start + 192), table.EndAt(Start + 256),
            table.EndAt(Start + 320), table.EndAt(Start + 384)]);
        Assert.Equal(Start + 128UL, table.EndAt(Start, limit: Start + 65));
    }

    [Fact]
    public void An_image_without_records_has_no_table() => Assert.Null(Open(new Arm64ImageBuilder().Record(0, 0).ToArray()));

    [Fact]
    public void The_description_tells_the_rules_of_the_body()
    {
        var table = Open(new Arm64ImageBuilder()
            .Single(Start, 64, 0, Chain)
            .Packed(Start + 64, 64, integers: 3, frame: 48, chain: 1)
            .Single(Start + 128, 64, 0, 0x02, 0xe4)
            .Single(Start + 192, 64, 0, 0xe2, 0x02, 0x42, 0x04, 0xfc, 0xe4)
            .Single(Start + 256, 64, 0, 0x81, 0xe9, 0xe4)
            .Single(Start + 320, 64, 0, 0xea, 0xe4));

        Assert.Equal([".cfa: x29 48 +", ".ra: .cfa -40 + ^", "x19: .cfa -32 + ^", "x20: .cfa -24 + ^", "x29: .cfa -48 + ^"], Rules(table, Start));
        Assert.Equal(
            [".cfa: sp 48 +", ".ra: .cfa -8 + ^", "x19: .cfa -32 + ^", "x20: .cfa -24 + ^", "x21: .cfa -16 + ^"], Rules(table, Start + 64));
        Assert.Equal([".cfa: sp 32 +", ".ra: x30"], Rules(table, Start + 128));
        Assert.Equal([".cfa: x29 48 +", ".ra: .cfa -40 + ^", "x29: .cfa -48 + ^"], Rules(table, Start + 192));
        Assert.Equal([".cfa: sp 16 + ^ 0 +", ".ra: sp 24 + ^", "x29: sp 0 + ^"], Rules(table, Start + 256));
        Assert.Null(table.Describe(Start + 320));
        var description = table.Describe(Start + 100)!;
        Assert.Equal((Start + 64, 64UL), ((uint)description.Start, description.Size));
        Assert.Empty(description.Deltas);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        var table = Open(new Arm64ImageBuilder().Single(Start, 64, 0, Chain).Packed(Start + 64, 64, 2, 3, true, 3, 208));
        var memory = new Pattern();
        var registers = new Arm64Machine().Registers(Base + Start + 32);
        var first = default(UnwindResult);
        var second = default(UnwindResult);

        Assert.Equal(0, Allocated.Fewest(() =>
        {
            first = table.Step(new UnwindFrame(Start + 32, Base), registers, memory, out _);
            second = table.Step(new UnwindFrame(Start + 96, Base), registers, memory, out _);
        }));
        Assert.Equal((UnwindOutcome.Stepped, UnwindOutcome.Stepped), (first.Outcome, second.Outcome));
    }

    [Fact]
    public void Damage_is_contained()
    {
        byte[] codes = [.. Chain, 0xe6, 0xcc, 0x07, 0xe4, 0xe7, 0x48, 0x83, 0xd6, 0x02, 0xea, 0xe9, 0xe8, 0xeb, 0xfc, 0xe0, 0, 1, 0, 0xe4];
        byte[] image = new Arm64ImageBuilder()
            .Single(Start, 64, 5, Chain)
            .Scoped(Start + 64, 64, [(8, 0), (40, 5)], codes)
            .Scoped(Start + 128, 0x1000, [(8, 0), (40, 5), (80, 9)], codes, extended: true)
            .Packed(Start + 0x2000, 64, 3, 4, true, 2, 208)
            .ToArray();
        var memory = new Pattern();
        var registers = new Arm64Machine().Registers(Base + Start);

        // Records and .xdata lie behind the headers; what the headers promise is another reader's.
        foreach (int from in (int[])[0, 0x400, 0x600])
        {
            Mutator.Run(
                Mutator.Mutations(image, from == 0 ? 64 : image.Length, 2000, from, from),
                bytes =>
                {
                    if (Open(bytes) is not { } table)
                    {
                        return;
                    }

                    foreach (uint at in (uint[])[0, 8, 40, 60, 64, 72, 104, 108, 128, 208, 0x2000, 0x2008, 0x203c, 0x2040])
                    {
                        table.Step(new UnwindFrame(Start + at, Base), registers, memory, out _);
                        table.Describe(Start + at);
                        Assert.True(table.EndAt(Start + at) > Start + at);
                    }
                });
        }
    }

    private static string[] Rules(Formats.Pe.Unwind.Arm64UnwindTable table, uint rva) =>
        [.. table.Describe(rva)!.Init.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key}: {r.Value}")];

    /// <summary>Memory that holds something everywhere.</summary>
    private sealed class Pattern : IMemoryView
    {
        public bool TryRead(ulong address, Span<byte> destination) => false;

        public bool TryReadUnsigned(ulong address, int size, out ulong value)
        {
            value = address ^ 0x5555;
            return true;
        }
    }
}
