using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Breakpad;

public sealed class BreakpadWindowsFrameTests
{
    private const int Ebx = 3;
    private const int Esp = 4;
    private const int Ebp = 5;
    private const int Esi = 6;
    private const int Edi = 7;
    private const int Eip = 8;

    private const string Plain = "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + =";

    private static BreakpadBuilder File => new BreakpadBuilder().Module("windows", "x86");

    [Fact]
    public void A_program_computes_the_caller()
    {
        // 0x8000: locals 8, saved ebx 4, return address, parameters
        var caller = Step(File.FrameData(0x100, 0x20, Plain + "  $20 $T0 4 - ^ =", saved: 4, locals: 8), 0x110, out var result,
            [0, 0, 0xb0b0, 0x401000], (Esp, 0x8000), (Ebx, 1), (Ebp, 2), (Esi, 3), (Edi, 4), (0, 5));

        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
        Assert.Equal(0x401000u, caller.GetOrZero(Eip));
        Assert.Equal(0x8010u, caller.GetOrZero(Esp));
        Assert.Equal(0xb0b0u, caller.GetOrZero(Ebx));
        Assert.Equal((2u, 3u, 4u), (caller.GetOrZero(Ebp), caller.GetOrZero(Esi), caller.GetOrZero(Edi)));
        Assert.False(caller.IsValid(0));
    }

    [Fact]
    public void A_program_over_the_base_pointer_uses_its_constants_and_registers()
    {
        var caller = Step(
            File.FrameData(
                0x100, 0x20,
                "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + = $L $T0 .cbSavedRegs - = $P $T0 4 + .cbParams + = $23 $L = $24 $P =",
                parameters: 12, saved: 8),
            0x110, out var result, [0x9000, 0x401000], (Esp, 0x7f00), (Ebp, 0x8000));

        Assert.Equal(0x401000u, caller.GetOrZero(Eip));
        Assert.Equal(0x9000u, caller.GetOrZero(Ebp));
        Assert.Equal(0x8008u, caller.GetOrZero(Esp));
        Assert.Equal(0x7ff8u, caller.GetOrZero(Esi)); // $T0 - .cbSavedRegs
        Assert.Equal(0x8010u, caller.GetOrZero(Edi)); // $T0 + 4 + .cbParams
        Assert.Equal(12u, result.ParameterBytes);
    }

    [Fact]
    public void An_assignment_needs_no_blank_behind_it()
    {
        var caller = Step(
            File.FrameData(0x100, 0x20, "$T0 $ebp 4 + =$eip $T0 4 + ^ =$ebp $T0 ^ = $esp $T0 8 + ="), 0x110, out var result,
            [0, 0x9000, 0x401000], (Esp, 0x7f00), (Ebp, 0x8000));

        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
        Assert.Equal(0x401000u, caller.GetOrZero(Eip));
        Assert.Equal(0x9000u, caller.GetOrZero(Ebp));
        Assert.Equal(0x800cu, caller.GetOrZero(Esp));
    }

    [Fact]
    public void The_parameters_of_the_frame_below_belong_to_the_frame()
    {
        var caller = Step(File.FrameData(0x100, 0x20, Plain, locals: 4), 0x110, out _, [1, 2, 3, 0x401000], 8, (Esp, 0x8000));

        Assert.Equal(0x401000u, caller.GetOrZero(Eip));
        Assert.Equal(0x8010u, caller.GetOrZero(Esp));
    }

    [Fact]
    public void An_aligned_frame_is_searched_from_the_base_pointer()
    {
        var caller = Step(
            File.FrameData(0x100, 0x20, "$T0 .raSearchStart = $eip $T0 ^ = $esp $T0 4 + = $T1 $esp 16 @ =", locals: 0x40), 0x110, out _,
            [0x9000, 0x401000], (Esp, 0x7f00), (Ebp, 0x8000));

        Assert.Equal(0x401000u, caller.GetOrZero(Eip));
        Assert.Equal(0x8008u, caller.GetOrZero(Esp));
    }

    [Fact]
    public void Without_a_program_the_sizes_tell()
    {
        var caller = Step(File.Fpo(0x100, 0x20, parameters: 4, locals: 8), 0x110, out var result, [0, 0, 0x401000], (Esp, 0x8000), (Ebp, 7), (Ebx, 8));

        Assert.Equal(0x401000u, caller.GetOrZero(Eip));
        Assert.Equal(0x800cu, caller.GetOrZero(Esp));
        Assert.Equal(7u, caller.GetOrZero(Ebp));
        Assert.Equal(8u, caller.GetOrZero(Ebx));
        Assert.Equal(4u, result.ParameterBytes);
    }

    [Fact]
    public void A_base_pointer_used_for_other_things_is_read_from_the_stack_and_unknown_saves_lose_registers()
    {
        // esp + saved 8 - 8 = 0x8000
        var caller = Step(File.Fpo(0x100, 0x20, saved: 8, usesBasePointer: true), 0x110, out _, [0x9999, 0, 0x401000], (Esp, 0x8000), (Ebp, 7), (Ebx, 8));

        Assert.Equal(0x401000u, caller.GetOrZero(Eip));
        Assert.Equal(0x9999u, caller.GetOrZero(Ebp));
        Assert.False(caller.IsValid(Ebx));
    }

    [Theory]
    [InlineData(0x100, 0x100)]
    [InlineData(0x10f, 0x100)]
    [InlineData(0x110, 0x110)]
    [InlineData(0x118, 0x118)]
    [InlineData(0x11c, 0x110)]
    [InlineData(0x120, 0x100)]
    [InlineData(0x150, 0x150)]
    [InlineData(0x17f, 0x150)]
    public void The_smallest_record_holds_and_overlong_ones_end_at_the_next(ulong rva, ulong start)
    {
        using var item = SymbolFile.Open(File.FrameData(0x100, 0x60, Plain).FrameData(0x110, 0x10, Plain).FrameData(0x118, 4, Plain)
            .FrameData(0x150, 0x30, Plain).Fpo(0x0, 0x200));

        Assert.Equal(start, item.OpenUnwindTable()!.Describe(rva)?.Windows?.Start);
    }

    [Fact]
    public void Frame_data_is_preferred_to_sizes()
    {
        using var item = SymbolFile.Open(File.Fpo(0x110, 4).FrameData(0x100, 0x40, Plain).Fpo(0x200, 8));
        var table = item.OpenUnwindTable()!;

        Assert.Equal(4, table.Describe(0x110)?.Windows?.Type);
        Assert.Equal(0, table.Describe(0x207)?.Windows?.Type);
        Assert.Null(table.Describe(0x208));
    }

    [Theory]
    [InlineData("STACK WIN 4 100 20 0 0 0 0 0 0 0 0")]
    [InlineData("STACK WIN 0 100 20 0 0 0 0 0 0 1 $eip 1 =")]
    [InlineData("STACK WIN 0 100 20 0 0 0 0 0 0 0 7")]
    [InlineData("STACK WIN 4 100 20 0 0 0 0 0 0 1")]
    [InlineData("STACK WIN 4 100 20 0 0 0 0")]
    [InlineData("STACK WIN 4 100 zz 0 0 0 0 0 0 1 x")]
    public void A_record_that_contradicts_itself_is_dropped_alone(string record)
    {
        using var item = SymbolFile.Open(File.Line(record).Fpo(0x200, 8));
        var table = item.OpenUnwindTable()!;

        Assert.False(table.Covers(0x110));
        Assert.True(table.Covers(0x200));
        Assert.Equal(1, item.Faults.Total);
    }

    [Theory]
    [InlineData("$eip 1 =", MalformedReason.BadValue)] // no stack pointer
    [InlineData("$eip $ecx = $esp 1 =", MalformedReason.OutOfRange)] // not known
    [InlineData("$eip 0 ^ = $esp 1 =", MalformedReason.OutOfRange)] // not readable
    [InlineData(".cbParams 1 =", MalformedReason.BadValue)]
    [InlineData("$T16 1 =", MalformedReason.BadValue)]
    [InlineData("$eip 1 = $esp 1 = 1", MalformedReason.BadValue)]
    public void A_program_that_does_not_end_well_fails_the_step(string program, MalformedReason reason)
    {
        Step(File.FrameData(0x100, 0x20, program), 0x100, out var result, [0], (Esp, 0x8000));

        Assert.Equal((UnwindOutcome.Failed, reason), (result.Outcome, result.Fault.Reason));
    }

    [Fact]
    public void The_stack_may_wrap_at_four_gigabytes()
    {
        Step(File.Fpo(0x100, 0x20, locals: uint.MaxValue, saved: uint.MaxValue), 0x100, out var result, [0x401000], (Esp, 0x8002));

        Assert.Equal(UnwindOutcome.Stepped, result.Outcome); // 0x8002 - 1 - 1
    }

    private static RegisterState Step(
        BreakpadBuilder file, ulong rva, out UnwindResult result, uint[] stack, params (int Register, ulong Value)[] callee) =>
        Step(file, rva, out result, stack, 0, callee);

    private static RegisterState Step(
        BreakpadBuilder file, ulong rva, out UnwindResult result, uint[] stack, uint calleeParameters, params (int Register, ulong Value)[] callee)
    {
        var bytes = new byte[stack.Length * 4];
        for (int i = 0; i < stack.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), stack[i]);
        }

        using var item = SymbolFile.Open(file);
        var registers = default(RegisterState);
        foreach (var (register, value) in callee)
        {
            registers.Set(register, value);
        }

        var memory = new FakeMemory().Add(0x8000, bytes);
        result = item.OpenUnwindTable()!.Step(new UnwindFrame(rva, 0, calleeParameters), registers, memory, out var caller);
        return caller;
    }
}
