using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Dwarf.Frames;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Dwarf.Frames;

public sealed class FrameTableTests
{
    private const ulong Stack = 0x7ff0_0000;
    private const ulong Load = 0x5555_0000;
    private const int Rbx = 3;
    private const int Rbp = 6;
    private const int Rsp = 7;
    private const int R12 = 12;
    private const int Rip = 16;

    // def_cfa rsp+8; offset rip, cfa-8
    private static readonly byte[] AtEntry = [0x0c, 7, 8, 0x90, 1];

    private readonly FaultLog _faults = new();

    [Fact]
    public void A_frame_is_undone_by_its_rules()
    {
        var table = Open(0x1000, 0x40, [0x44, 0x0e, 24, 0x83, 3, 0x86, 2]);
        var memory = new StackBuilder(Stack).Word(0xb).Word(0xbb).Word(Load + 0x2000).ToMemory();
        var result = Step(table, 0x1010, memory, out var caller, (Rsp, Stack), (Rbx, 1UL), (Rbp, 2UL), (R12, 3UL), (0, 4UL));
        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
        Assert.Equal(
            (Stack + 24, Load + 0x2000, 0xbUL, 0xbbUL, 3UL),
            (caller.GetOrZero(Rsp), caller.GetOrZero(Rip), caller.GetOrZero(Rbx), caller.GetOrZero(Rbp), caller.GetOrZero(R12)));
        Assert.False(caller.IsValid(0));
    }

    [Fact]
    public void Rows_hold_from_their_address_on()
    {
        var table = Open(0x1000, 0x40, [0x44, 0x0e, 16]);
        var memory = new StackBuilder(Stack).Word(Load + 0x2000).Word(Load + 0x3000).ToMemory();
        Step(table, 0x1003, memory, out var before, (Rsp, Stack));
        Step(table, 0x1004, memory, out var after, (Rsp, Stack));
        Assert.Equal((Load + 0x2000, Load + 0x3000), (before.GetOrZero(Rip), after.GetOrZero(Rip)));
        Assert.Equal(UnwindOutcome.NotCovered, Step(table, 0xfff, memory, out _, (Rsp, Stack)).Outcome);
        Assert.Equal(UnwindOutcome.NotCovered, Step(table, 0x1040, memory, out _, (Rsp, Stack)).Outcome);
        Assert.True(table.Covers(0x103f) && !table.Covers(0x1040));
    }

    [Fact]
    public void An_undefined_return_address_ends_the_stack()
    {
        var table = Open(0x1000, 0x40, [0x07, 16]);
        var result = Step(table, 0x1000, new FakeMemory(), out _, (Rsp, Stack));
        Assert.Equal(UnwindOutcome.EndOfStack, result.Outcome);
    }

    /// <summary>The rule that GNU ld writes for the PLT: 8 more once the push at byte 11 of a 16-byte stub is done.</summary>
    [Theory]
    [InlineData(0x670UL, 8)]
    [InlineData(0x67aUL, 8)]
    [InlineData(0x67bUL, 16)]
    public void The_expression_of_the_linkage_table_is_evaluated(ulong rva, int cfa)
    {
        var table = DwarfFrameTable.Open(FrameFixture.OpenFixture("cfi-amd64.so", CpuFamily.Amd64), ParseLimits.Default, _faults)!;
        var memory = new StackBuilder(Stack).Word(Load + 0x100).Word(Load + 0x200).Zeros(2).ToMemory();
        var result = Step(table, rva, memory, out var caller, (Rsp, Stack), (Rip, Load + rva));
        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
        Assert.Equal((Stack + (ulong)cfa, Load + (ulong)cfa / 8 * 0x100), (caller.GetOrZero(Rsp), caller.GetOrZero(Rip)));
    }

    /// <summary>gcc realigns the stack of <c>cfi_aligned</c> on i386 and finds the caller by an expression on ebp.</summary>
    [Fact]
    public void The_realigned_frame_of_i386_is_undone()
    {
        var table = DwarfFrameTable.Open(FrameFixture.OpenFixture("cfi-x86.so", CpuFamily.X86), ParseLimits.Default, _faults)!;

        // At 0x6ef: CFA = *(ebp - 8), ebx at ebp - 4, ebp at ebp by readelf -wf; the return address below the CFA.
        var memory = new StackBuilder(0x8000, 4).Zeros(2).Word(0x9000).Word(0x77).Word(0x1234).Zeros(2).ToMemory();
        memory.Add(0x8ffc, BitConverter.GetBytes(0x5550_2000));
        var callee = State((4, 0x8000UL), (5, 0x8010UL), (8, 0x5550_06f0UL));
        var result = table.Step(new UnwindFrame(0x6f0, 0x5550_0000), callee, memory, out var caller);
        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
        Assert.Equal(
            (0x9000UL, 0x5550_2000UL, 0x1234UL, 0x77UL),
            (caller.GetOrZero(4), caller.GetOrZero(8), caller.GetOrZero(5), caller.GetOrZero(3)));
    }

    [Fact]
    public void A_link_register_without_a_rule_holds_the_return_address()
    {
        var cfi = new CfiAssembler(eh: false);
        int common = cfi.Common([0x0c, 31, 0], returnRegister: 30);
        cfi.Function(common, 0x1000, 0x40, []);
        var table = DwarfFrameTable.Open(Sections(cfi.ToArray(), eh: false) with { Cpu = CpuFamily.Arm64 }, ParseLimits.Default, _faults)!;
        var result = table.Step(new UnwindFrame(0x1000, Load), State((31, Stack), (30, Load + 0x2000)), new FakeMemory(), out var caller);
        Assert.Equal(UnwindOutcome.Stepped, result.Outcome);
        Assert.Equal((Stack, Load + 0x2000), (caller.GetOrZero(31), caller.GetOrZero(32)));
        Assert.False(caller.IsValid(30));
        Assert.Equal("x30", table.Describe(0x1000)!.Init[".ra"]);
    }

    [Fact]
    public void The_narrower_of_overlapping_functions_holds()
    {
        var cfi = new CfiAssembler(eh: false);
        int common = cfi.Common(AtEntry);
        cfi.Function(common, 0x1000, 0x1000, [0x0e, 8]);
        cfi.Function(common, 0x1400, 0x100, [0x0e, 16]);
        cfi.Function(common, 0x1f00, 0x200, [0x0e, 24]);
        var table = DwarfFrameTable.Open(Sections(cfi.ToArray(), eh: false), ParseLimits.Default, _faults)!;
        string[] found = [.. ((ulong[])[0x13ff, 0x1400, 0x14ff, 0x1500, 0x1eff, 0x1f00, 0x2000]).Select(a => table.Describe(a)!.Init[".cfa"])];
        Assert.Equal(["$rsp 8 +", "$rsp 16 +", "$rsp 16 +", "$rsp 8 +", "$rsp 8 +", "$rsp 24 +", "$rsp 24 +"], found);
    }

    [Fact]
    public void Debug_frame_goes_first_and_an_error_in_it_does_not_stop_eh_frame()
    {
        var debug = new CfiAssembler(eh: false);
        int common = debug.Common(AtEntry);
        debug.Function(common, 0x1000, 0x40, [0x0e, 32]);
        debug.Function(common, 0x2000, 0x40, [0x3f]);
        var eh = new CfiAssembler(eh: true);
        int ehCommon = eh.Common(AtEntry);
        eh.Function(ehCommon, 0x1000, 0x40, []);
        eh.Function(ehCommon, 0x2000, 0x40, []);
        eh.Function(ehCommon, 0x3000, 0x40, []);
        var sections = Sections(debug.ToArray(), eh: false) with { EhFrame = Sections(eh.ToArray(), eh: true).EhFrame };
        var table = DwarfFrameTable.Open(sections, ParseLimits.Default, _faults)!;
        var memory = new StackBuilder(Stack).Word(Load + 0x10).Zeros(2).Word(Load + 0x20).ToMemory();
        var found = new List<ulong>();
        foreach (ulong rva in (ulong[])[0x1000, 0x2000, 0x3000])
        {
            Assert.Equal(UnwindOutcome.Stepped, Step(table, rva, memory, out var caller, (Rsp, Stack)).Outcome);
            found.Add(caller.GetOrZero(Rip) - Load);
        }

        Assert.Equal([0x20, 0x10, 0x10], found);
    }

    [Fact]
    public void An_unknown_instruction_costs_only_the_rows_behind_it()
    {
        var table = Open(0x1000, 0x40, [0x44, 0x0e, 16, 0x44, 0x3f]);
        var memory = new StackBuilder(Stack).Word(Load + 0x2000).Word(Load + 0x3000).ToMemory();
        Assert.Equal(UnwindOutcome.Stepped, Step(table, 0x1007, memory, out var caller, (Rsp, Stack)).Outcome);
        Assert.Equal(Load + 0x3000, caller.GetOrZero(Rip));
        var failed = Step(table, 0x1008, memory, out _, (Rsp, Stack));
        Assert.Equal((UnwindOutcome.Failed, MalformedReason.UnknownForm), (failed.Outcome, failed.Fault.Reason));
        Assert.Single(table.Describe(0x1000)!.Deltas);
    }

    [Fact]
    public void Discarded_functions_are_skipped()
    {
        var cfi = new CfiAssembler(eh: false);
        int common = cfi.Common(AtEntry);
        cfi.Function(common, 0, 0x40, []);
        cfi.Function(common, ulong.MaxValue, 0x40, []);
        cfi.Function(common, ulong.MaxValue - 1, 0x40, []);
        cfi.Function(common, 0x40_0000, 0, []);
        cfi.Function(common, 0x3f_ffff, 0x40, []);
        cfi.Function(common, 0x40_1000, 0x40, []);
        cfi.Function(common, ulong.MaxValue - 0x10, ulong.MaxValue, []);
        var table = DwarfFrameTable.Open(Sections(cfi.ToArray(), eh: false) with { ImageBase = 0x40_0000 }, ParseLimits.Default, _faults)!;
        Assert.True(table.Covers(0x1000));
        Assert.False(table.Covers(0));
        Assert.False(table.Covers(unchecked(0UL - 0x40_0000)));
        Assert.True(_faults.IsEmpty);
    }

    [Theory]
    [InlineData(1, "", null, false, false)]
    [InlineData(3, "", null, false, false)]
    [InlineData(4, "", null, false, false)]
    [InlineData(1, "zR", new byte[] { 0x00 }, true, false)]
    [InlineData(1, "zPLR", new byte[] { 0x9b, 1, 2, 3, 4, 0x1b, 0x00 }, true, false)]
    [InlineData(1, "zRS", new byte[] { 0x00 }, true, true)]
    [InlineData(1, "zRBG", new byte[] { 0x00 }, true, false)]
    [InlineData(1, "zR?", new byte[] { 0x00, 9, 9, 9 }, true, false)]
    [InlineData(1, "eh", null, true, false)]
    public void Versions_and_augmentations_are_read(int version, string augmentation, byte[]? data, bool eh, bool signal)
    {
        foreach (bool dwarf64 in (bool[])[false, true])
        {
            foreach (bool bigEndian in (bool[])[false, true])
            {
                var cfi = new CfiAssembler(eh, dwarf64: dwarf64, bigEndian: bigEndian);
                int common = cfi.Common(AtEntry, augmentation, data, version, fields: augmentation == "eh" ? new byte[8] : null);
                cfi.Terminator();
                cfi.Function(common, 0x1000, 0x40, [], data is null ? null : [7, 7, 7]);
                var table = DwarfFrameTable.Open(Sections(cfi.ToArray(), eh) with { BigEndian = bigEndian }, ParseLimits.Default, _faults)!;
                var memory = new StackBuilder(Stack).Word(Load + 0x2000).ToMemory();
                var result = Step(table, 0x1000, memory, out var caller, (Rsp, Stack));
                Assert.Equal(new UnwindResult(UnwindOutcome.Stepped, signal), result);
                Assert.Equal(Load + 0x2000, caller.GetOrZero(Rip));
            }
        }

        Assert.True(_faults.IsEmpty);
    }

    /// <summary>The section lies at 0x5000, .text at 0x1000, .got at 0x8000; the function is at 0x1200, 0x80 long.</summary>
    [Theory]
    [InlineData(0x01, 0x1200L)] // uleb128
    [InlineData(0x02, 0x1200L)] // udata2
    [InlineData(0x03, 0x1200L)] // udata4
    [InlineData(0x04, 0x1200L)] // udata8
    [InlineData(0x0b, 0x1200L)] // sdata4
    [InlineData(0x1a, -0x3e00L)] // pcrel sdata2, from 0x5000
    [InlineData(0x1b, -0x3e00L)] // pcrel sdata4
    [InlineData(0x1c, -0x3e00L)] // pcrel sdata8
    [InlineData(0x2b, 0x200L)] // textrel
    [InlineData(0x3b, -0x6e00L)] // datarel
    [InlineData(0x39, -0x6e00L)] // datarel sleb128
    [InlineData(0x50, 0x1200L)] // aligned
    public void Pointer_encodings_are_read(int encoding, long value)
    {
        var cfi = new CfiAssembler(eh: true);
        int common = cfi.Common(AtEntry, "zR", [(byte)encoding]);
        cfi.Function(common, body =>
        {
            long own = (encoding & 0x70) == 0x10 ? value - body.Length : value;
            if ((encoding & 0x70) == 0x50)
            {
                body.Align(8);
            }

            Write(body, encoding & 15, own);
            Write(body, encoding & 15, 0x80);
        }, [], []);
        var sections = Sections(cfi.ToArray(), eh: true) with { TextAddress = 0x1000, GotAddress = 0x8000 };
        sections = sections with { EhFrame = sections.EhFrame with { Address = 0x5000 } };
        var table = DwarfFrameTable.Open(sections, ParseLimits.Default, _faults)!;
        Assert.True(_faults.IsEmpty);
        Assert.Equal([false, true, true, false], ((ulong[])[0x11ff, 0x1200, 0x127f, 0x1280]).Select(table.Covers));

        static void Write(TestKit.Bytes.ByteBuilder body, int format, long value)
        {
            _ = format switch
            {
                1 => body.Uleb((ulong)value),
                9 => body.Sleb(value),
                2 or 10 => body.S16((int)value),
                3 or 11 => body.S32((int)value),
                _ => body.S64(value),
            };
        }
    }

    [Fact]
    public void Darwin_i386_exchanges_esp_and_ebp_in_eh_frame()
    {
        var cfi = new CfiAssembler(eh: true, addressSize: 4);
        int common = cfi.Common([0x0c, 5, 4, 0x88, 1], dataAlignment: -4, returnRegister: 8);
        cfi.Function(common, 0x1000, 0x40, [0x0e, 8, 0x84, 2]);
        var sections = Sections(cfi.ToArray(), eh: true) with { Cpu = CpuFamily.X86, AddressSize = 4, SwapsEspAndEbp = true };
        var table = DwarfFrameTable.Open(sections, ParseLimits.Default, _faults)!;
        var rules = table.Describe(0x1000)!.Init;
        Assert.Equal(("$esp 8 +", ".cfa -8 + ^", ".cfa -4 + ^"), (rules[".cfa"], rules["$ebp"], rules[".ra"]));
    }

    /// <summary>Bytes by objdump; the code of a stripped debug file is not at hand.</summary>
    [Fact]
    public void Code_is_read_from_the_file_where_it_has_it()
    {
        using var file = MappedFileBytes.Open(Fixture.Path("elf/cfi-amd64.so"));
        using var image = Assert.Single(ObjectFormats.Open(file, ParseLimits.Default));
        var code = Assert.IsAssignableFrom<ICodeView>(image.OpenUnwindTable());
        byte[] expected = Convert.FromHexString("0faffe8d4701c3");
        byte[] bytes = new byte[expected.Length];
        Assert.True(code.TryReadCode(0x7a0, bytes));
        Assert.Equal(expected, bytes);
        Assert.False(code.TryReadCode(0, bytes));
        Assert.False(code.TryReadCode(0x11ced - 6, bytes));
        Assert.False(code.TryReadCode(ulong.MaxValue - 3, bytes));
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        var table = DwarfFrameTable.Open(FrameFixture.OpenFixture("cfi-amd64.so", CpuFamily.Amd64), ParseLimits.Default, _faults)!;
        IMemoryView memory = new StackBuilder(Stack).Zeros(64).ToMemory();
        var callee = State((Rsp, Stack), (Rip, Load + 0x675), (Rbp, Stack + 8));
        foreach (ulong rva in (ulong[])[0x675, 0x7c7, 0xa4b, 0xa4c])
        {
            Assert.Equal(0, Allocated.Fewest(() =>
            {
                for (int i = 0; i < 100; i++)
                {
                    table.Step(new UnwindFrame(rva, Load), callee, memory, out _);
                }
            }));
        }
    }

    private DwarfFrameTable Open(ulong start, ulong size, byte[] instructions)
    {
        var cfi = new CfiAssembler(eh: true);
        cfi.Function(cfi.Common(AtEntry), start, size, instructions);
        return DwarfFrameTable.Open(Sections(cfi.ToArray(), eh: true), ParseLimits.Default, _faults)!;
    }

    internal static DwarfFrameSections Sections(byte[] bytes, bool eh)
    {
        var section = new Section(new MemoryFileBytes(bytes), new ByteRange(0, bytes.Length));
        return new DwarfFrameSections
        {
            BigEndian = false,
            Cpu = CpuFamily.Amd64,
            AddressSize = 8,
            ImageBase = 0,
            DebugFrame = eh ? default : section,
            EhFrame = eh ? section : default,
        };
    }

    internal static RegisterState State(params ReadOnlySpan<(int Register, ulong Value)> registers)
    {
        var state = default(RegisterState);
        foreach (var (register, value) in registers)
        {
            state.Set(register, value);
        }

        return state;
    }

    private static UnwindResult Step(
        DwarfFrameTable table, ulong rva, FakeMemory memory, out RegisterState caller, params ReadOnlySpan<(int, ulong)> registers) =>
        table.Step(new UnwindFrame(rva, Load), State(registers), memory, out caller);
}
