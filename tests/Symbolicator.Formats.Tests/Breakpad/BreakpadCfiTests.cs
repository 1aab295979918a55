using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Breakpad;

public sealed class BreakpadCfiTests
{
    private const int Rbx = 3;
    private const int Rsi = 4;
    private const int Rdi = 5;
    private const int Rbp = 6;
    private const int Rsp = 7;
    private const int R12 = 12;
    private const int Rip = 16;

    private const string Entry = ".cfa: $rsp 8 + .ra: .cfa -8 + ^";

    // 0x8000: return address 0x1111, 0x8008: saved rbx 0x2222, 0x8010: 0x3333
    private static readonly FakeMemory Memory = new FakeMemory().Add(
        0x8000, [0x11, 0x11, 0, 0, 0, 0, 0, 0, 0x22, 0x22, 0, 0, 0, 0, 0, 0, 0x33, 0x33, 0, 0, 0, 0, 0, 0]);

    private static BreakpadBuilder File => new BreakpadBuilder().Module();

    [Fact]
    public void The_first_rules_restore_stack_pointer_and_return_address_and_keep_saved_registers()
    {
        var caller = Step(File.CfiInit(0x100, 0x20, Entry), 0x100, out var result, (Rsp, 0x8000), (Rbx, 5), (Rbp, 6), (0, 7));

        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
        Assert.Equal(0x1111u, caller.GetOrZero(Rip));
        Assert.Equal(0x8008u, caller.GetOrZero(Rsp));
        Assert.Equal(5u, caller.GetOrZero(Rbx));
        Assert.Equal(6u, caller.GetOrZero(Rbp));
        Assert.False(caller.IsValid(0)); // rax is the callee's to destroy
        Assert.False(caller.IsValid(R12)); // was not known
    }

    [Theory]
    [InlineData("Linux", false)]
    [InlineData("windows", true)] // x64 calling convention: rsi and rdi are nonvolatile
    public void Which_registers_survive_depends_on_the_system(string os, bool survives)
    {
        var caller = Step(new BreakpadBuilder().Module(os).CfiInit(0x100, 0x20, Entry), 0x100, out _, (Rsp, 0x8000), (Rsi, 4), (Rdi, 5));

        Assert.Equal((survives, survives), (caller.IsValid(Rsi), caller.IsValid(Rdi)));
    }

    [Theory]
    [InlineData(0x100, 0x8008, 5)]
    [InlineData(0x107, 0x8008, 5)]
    [InlineData(0x108, 0x8010, 0x2222)]
    [InlineData(0x110, 0x8018, 0x2222)]
    [InlineData(0x11f, 0x8018, 0x2222)]
    public void Deltas_change_what_they_name_and_keep_the_rest(ulong rva, ulong stack, ulong rbx)
    {
        var file = File.CfiInit(0x100, 0x20, ".cfa: $rsp 8 + .ra: 4369")
            .Cfi(0x108, ".cfa: $rsp 16 + $rbx: .cfa 8 - ^").Cfi(0x110, ".cfa: $rsp 24 + rbx: .cfa 16 - ^");

        var caller = Step(file, rva, out _, (Rsp, 0x8000), (Rbx, 5));

        Assert.Equal(stack, caller.GetOrZero(Rsp));
        Assert.Equal(rbx, caller.GetOrZero(Rbx));
        Assert.Equal(4369u, caller.GetOrZero(Rip));
    }

    [Fact]
    public void Deltas_out_of_order_are_sorted()
    {
        var ordered = File.CfiInit(0x100, 0x20, Entry).Cfi(0x108, ".cfa: $rsp 16 +").Cfi(0x110, ".cfa: $rsp 8 +").CfiInit(0x200, 8, Entry);
        var shuffled = File.Cfi(0x110, ".cfa: $rsp 8 +").CfiInit(0x200, 8, Entry).CfiInit(0x100, 0x20, Entry).Public(1, "p").Cfi(0x108, ".cfa: $rsp 16 +");

        foreach (ulong rva in (ulong[])[0x100, 0x107, 0x108, 0x10f, 0x110, 0x11f, 0x204])
        {
            Assert.Equal(Step(ordered, rva, out _, (Rsp, 0x8000)).GetOrZero(Rsp), Step(shuffled, rva, out _, (Rsp, 0x8000)).GetOrZero(Rsp));
        }
    }

    [Fact]
    public void Addresses_outside_are_not_covered()
    {
        using var item = SymbolFile.Open(File.CfiInit(0x100, 0x20, Entry));
        var table = item.OpenUnwindTable()!;

        Assert.False(table.IsEmpty);
        Assert.Equal([false, true, true, false], new ulong[] { 0xff, 0x100, 0x11f, 0x120 }.Select(table.Covers));
        Assert.Null(table.Describe(0x120));
        Step(File.CfiInit(0x100, 0x20, Entry), 0x120, out var result, (Rsp, 0x8000));
        Assert.Equal(UnwindOutcome.NotCovered, result.Outcome);
    }

    [Fact]
    public void An_undefined_return_address_is_the_end_of_the_stack()
    {
        Step(File.CfiInit(0x100, 0x20, ".cfa: $rsp 8 + .ra: .undef"), 0x100, out var result, (Rsp, 0x8000));

        Assert.Equal(UnwindOutcome.EndOfStack, result.Outcome);
    }

    [Fact]
    public void An_undefined_or_unreadable_register_is_lost_alone()
    {
        var caller = Step(File.CfiInit(0x100, 0x20, Entry + " $rbx: .undef $rbp: 0 ^ $r12: $r13"), 0x100, out var result,
            (Rsp, 0x8000), (Rbx, 5), (Rbp, 6), (R12, 7));

        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
        Assert.False(caller.IsValid(Rbx));
        Assert.False(caller.IsValid(Rbp));
        Assert.False(caller.IsValid(R12));
    }

    [Fact]
    public void Rules_see_the_registers_of_the_callee_only()
    {
        var caller = Step(File.CfiInit(0x100, 0x20, ".cfa: $rsp 8 + .ra: .cfa 8 - ^ $rbx: $rbp $rbp: $rbx"), 0x100, out _,
            (Rsp, 0x8000), (Rbx, 5), (Rbp, 6));

        Assert.Equal(6u, caller.GetOrZero(Rbx));
        Assert.Equal(5u, caller.GetOrZero(Rbp));
    }

    [Theory]
    [InlineData("7 3 +", 10)]
    [InlineData("7 3 -", 4)]
    [InlineData("3 7 -", 0xffff_ffff_ffff_fffc)]
    [InlineData("7 3 *", 21)]
    [InlineData("7 3 /", 2)]
    [InlineData("7 3 %", 1)]
    [InlineData("0x1237 16 @", 0x1230)]
    [InlineData("$rsp ^", 0x1111)]
    [InlineData("$rsp 8 + ^ $rsp ^ -", 0x1111)]
    [InlineData("-1", 0xffff_ffff_ffff_ffff)]
    [InlineData("  12   34\t+ ", 46)]
    public void Expressions_are_evaluated(string expression, ulong expected)
    {
        var caller = Step(File.CfiInit(0x100, 0x20, $"{Entry} $rbx: {expression}"), 0x100, out _, (Rsp, 0x8000));

        Assert.Equal(expected, caller.GetOrZero(Rbx));
    }

    [Theory]
    [InlineData("1 0 /")]
    [InlineData("1 0 %")]
    [InlineData("1 0 @")]
    [InlineData("1 2")]
    [InlineData("+")]
    [InlineData("1 +")]
    [InlineData("^")]
    [InlineData("$nonsense")]
    [InlineData("$rsp 5 =")]
    [InlineData("1 .undef")]
    [InlineData("99999999999999999999")]
    [InlineData("")]
    public void Expressions_that_are_none_fail_the_step(string expression)
    {
        Step(File.CfiInit(0x100, 0x20, $".ra: 1 .cfa: {expression}"), 0x100, out var result, (Rsp, 0x8000));

        Assert.Equal(UnwindOutcome.Failed, result.Outcome);
        Assert.Equal(MalformedReason.BadValue, result.Fault.Reason);
    }

    [Fact]
    public void Unreadable_memory_fails_the_step_at_the_record()
    {
        var file = File.CfiInit(0x100, 0x20, Entry);
        Step(file, 0x100, out var result, (Rsp, 0x7000));

        Assert.Equal(new UnwindResult(UnwindOutcome.Failed, Fault: new ParseFault(MalformedReason.OutOfRange, Offset(file, "STACK"))), result);
    }

    [Fact]
    public void The_stack_of_an_expression_is_bounded_at_its_limit()
    {
        string AtDepth(int depth) => string.Join(' ', Enumerable.Repeat("1", depth)) + string.Concat(Enumerable.Repeat(" +", depth - 1));

        var limits = new ParseLimits { ExpressionStack = 8 };
        Assert.Equal(8u, Step(File.CfiInit(0x100, 1, $"{Entry} $rbx: {AtDepth(8)}"), 0x100, out _, limits, (Rsp, 0x8000)).GetOrZero(Rbx));
        Assert.False(Step(File.CfiInit(0x100, 1, $"{Entry} $rbx: {AtDepth(9)}"), 0x100, out _, limits, (Rsp, 0x8000)).IsValid(Rbx));
    }

    [Fact]
    public void The_steps_of_an_expression_are_bounded_at_their_limit()
    {
        string OfSteps(int steps) => "$rsp" + string.Concat(Enumerable.Repeat(" 0 +", (steps - 1) / 2));

        var limits = new ParseLimits { ExpressionSteps = 101 };
        Assert.True(Step(File.CfiInit(0x100, 1, $"{Entry} $rbx: {OfSteps(101)}"), 0x100, out _, limits, (Rsp, 0x8000)).IsValid(Rbx));
        Assert.False(Step(File.CfiInit(0x100, 1, $"{Entry} $rbx: {OfSteps(103)}"), 0x100, out _, limits, (Rsp, 0x8000)).IsValid(Rbx));
    }

    [Fact]
    public void Rules_of_unreasonable_size_fail_the_step()
    {
        string large = string.Concat(Enumerable.Repeat("$r12: 1 ", 3 << 17));
        var file = File.CfiInit(0x100, 0x20, Entry).Cfi(0x101, large).Cfi(0x102, large).Cfi(0x103, ".cfa: $rsp 16 +");

        Step(file, 0x103, out var result, (Rsp, 0x8000));
        var before = Step(file, 0x101, out _, (Rsp, 0x8000));

        Assert.Equal((UnwindOutcome.Failed, MalformedReason.StepsOverLimit), (result.Outcome, result.Fault.Reason));
        Assert.Equal(0x8008u, before.GetOrZero(Rsp));
    }

    [Theory]
    [InlineData("x30")]
    [InlineData("lr")]
    public void On_arm64_the_return_address_may_be_in_the_link_register(string name)
    {
        var profile = CpuProfile.For(CpuFamily.Arm64)!;
        var caller = Step(new BreakpadBuilder().Module(arch: "arm64").CfiInit(0x100, 0x20, $".cfa: sp 16 + .ra: {name} x29: .cfa 16 - ^"),
            0x100, out _, (profile.StackPointer, 0x8000), (profile.LinkRegister, 0x4242));

        Assert.Equal(0x4242u, caller.GetOrZero(profile.ProgramCounter));
        Assert.Equal(0x1111u, caller.GetOrZero(profile.FramePointer));
        Assert.Equal(0x8010u, caller.GetOrZero(profile.StackPointer));
        Assert.False(caller.IsValid(profile.LinkRegister));
    }

    [Fact]
    public void A_description_has_all_rules_in_their_notation()
    {
        using var item = SymbolFile.Open(File.CfiInit(0x100, 0x20, Entry).Cfi(0x104, ".cfa: $rsp 16 +  $rbx: .cfa -16 + ^"));
        var found = item.OpenUnwindTable()!.Describe(0x11f)!;

        Assert.Equal((0x100u, 0x20u), (found.Start, found.Size));
        Assert.Equal(new Dictionary<string, string> { [".cfa"] = "$rsp 8 +", [".ra"] = ".cfa -8 + ^" }, found.Init);
        var delta = Assert.Single(found.Deltas);
        Assert.Equal(0x104u, delta.Address);
        Assert.Equal(new Dictionary<string, string> { [".cfa"] = "$rsp 16 +", ["$rbx"] = ".cfa -16 + ^" }, delta.Rules);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using var item = SymbolFile.Open(File.CfiInit(0x100, 0x20, Entry).Cfi(0x104, ".cfa: $rsp 16 + $rbx: .cfa -16 + ^"));
        var table = item.OpenUnwindTable()!;
        var callee = default(RegisterState);
        callee.Set(Rsp, 0x8000);
        var memory = new OneWord();
        var result = default(UnwindResult);

        Assert.Equal(0, Allocated.Fewest(() => result = table.Step(new UnwindFrame(0x110, 0), callee, memory, out _)));
        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
    }

    private static RegisterState Step(BreakpadBuilder file, ulong rva, out UnwindResult result, params (int Register, ulong Value)[] callee) =>
        Step(file, rva, out result, ParseLimits.Default, callee);

    private static RegisterState Step(
        BreakpadBuilder file, ulong rva, out UnwindResult result, ParseLimits limits, params (int Register, ulong Value)[] callee)
    {
        using var item = SymbolFile.Open(file, limits);
        var registers = default(RegisterState);
        foreach (var (register, value) in callee)
        {
            registers.Set(register, value);
        }

        result = item.OpenUnwindTable()!.Step(new UnwindFrame(rva, 0), registers, Memory, out var caller);
        return caller;
    }

    private static long Offset(BreakpadBuilder file, string word) =>
        System.Text.Encoding.UTF8.GetString(file.ToBytes()).IndexOf(word, StringComparison.Ordinal);

    /// <summary>The same value everywhere, read without allocating.</summary>
    private sealed class OneWord : IMemoryView
    {
        public bool TryRead(ulong address, Span<byte> destination) => false;

        public bool TryReadUnsigned(ulong address, int size, out ulong value)
        {
            value = 0x1111;
            return true;
        }
    }
}
