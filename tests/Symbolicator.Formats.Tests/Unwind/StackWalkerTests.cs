using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf.Frames;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Tests.Dwarf.Frames;
using Symbolicator.Formats.Unwind;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Unwind;

public sealed class StackWalkerTests
{
    private const ulong Code = 0x40_0000;
    private const ulong Other = 0x80_0000;
    private const ulong Stack = 0x7ff0_0000;

    private readonly ModuleTables _known = new();

    [Fact]
    public void The_undefined_return_address_ends_the_walk()
    {
        _known.SetUnwindTable(0, new FakeTable(16) { OutermostRva = 0x2200 });
        var stack = new StackBuilder(Stack).Zeros(1).Word(Code + 0x2200 + 1).Zeros(1).Word(Code + 0x3000);
        var thread = Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack));
        Assert.Equal(["401000 Context 0", "402201 Cfi 0"], FrameListing.Of(thread));
        Assert.Equal(WalkEnd.EndOfStack, thread.End);
    }

    /// <summary>The table's frame size is wrong: its return address is data, so the frame pointer decides.</summary>
    [Fact]
    public void Implausible_unwind_information_falls_back_to_the_frame_pointer()
    {
        _known.SetUnwindTable(0, new FakeTable(16));
        var stack = new StackBuilder(Stack).Zeros(1).Word(0x1234_5678_9abc).Word(0).Word(Code + 0x2000).Zeros(1).Word(0);
        var thread = Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack), (6, Stack + 0x10));
        Assert.Equal(["401000 Context 0", "402000 FramePointer 0"], FrameListing.Of(thread));
        Assert.Equal(WalkEnd.EndOfStack, thread.End);
    }

    [Fact]
    public void A_frame_below_a_signal_trampoline_is_looked_up_at_its_own_address()
    {
        _known.SetUnwindTable(0, new FakeTable(16) { SignalRva = 0x2000 });
        var stack = new StackBuilder(Stack).Zeros(1).Word(Code + 0x2010).Zeros(1).Word(Code + 0x3000).Zeros(1).Word(Code + 0x4000).Zeros(1).Word(0);
        var thread = Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack));
        Assert.Equal(
            [(Code + 0x1000, false), (Code + 0x2010, true), (Code + 0x3000, false), (Code + 0x3fff, false)],
            thread.Frames.Select(f => (f.LookupAddress, f.IsSignalTrampoline)));
    }

    /// <summary>KiUserExceptionDispatcher calls the dispatcher; what it interrupted lies in a context behind it.</summary>
    [Fact]
    public void On_Windows_the_frame_above_an_interrupted_one_has_made_a_call()
    {
        _known.SetUnwindTable(0, new FakeTable(16) { SignalRva = 0x2000 });
        var stack = new StackBuilder(Stack).Zeros(1).Word(Code + 0x2010).Zeros(1).Word(Code + 0x3000).Zeros(1).Word(Code + 0x4000).Zeros(1).Word(0);
        var thread = Walk(CpuFamily.Amd64, new WalkOptions { System = WalkSystem.Windows }, stack, (16, Code + 0x1000), (7, Stack));
        Assert.Equal(
            [(Code + 0x1000, false), (Code + 0x200f, false), (Code + 0x3000, false), (Code + 0x3fff, false)],
            thread.Frames.Select(f => (f.LookupAddress, f.IsSignalTrampoline)));
    }

    [Fact]
    public void Scanning_refuses_what_both_unwind_information_and_symbols_deny()
    {
        _known.SetUnwindTable(0, null);
        _known.SetUnwindTable(1, new FakeTable(16, 0x1000, 0x2000));
        _known.SetSymbols(1, new FakeSymbols(0x5000, 0x6000));
        var stack = new StackBuilder(Stack).Word(Other + 0x3000).Word(7).Word(Other + 0x5800).Word(Other + 0x1800).Zeros(1).Word(0);
        var thread = Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack));
        Assert.Equal(["401000 Context 0", "805800 Scan 1", "801800 Scan 1"], FrameListing.Of(thread));
        Assert.Equal(Stack + 0x18, thread.Frames[1].StackPointer);
    }

    [Fact]
    public void Scanning_asks_for_all_modules_of_its_window_and_for_symbols_only_where_tables_deny()
    {
        _known.SetUnwindTable(0, null);
        var modules = Enumerable.Range(1, 5).Select(i => new WalkModule(i, Other * (ulong)i, Other * (ulong)i + 0x10000)).ToList();
        var stack = new StackBuilder(Stack);
        foreach (var module in modules)
        {
            stack.Word(module.Start + 0x800).Word(3);
        }

        var walker = new StackWalker(
            CpuFamily.Amd64, [new WalkModule(0, Code, Code + 0x10000), .. modules],
            [Thread(stack, (16, Code + 0x1000), (7, Stack))], WalkOptions.Default);
        var first = Assert.IsType<WalkOutcome.NeedsModules>(walker.Advance(_known, default));
        Assert.Equal([1, 2, 3, 4, 5], first.UnwindTables.Order());
        Assert.Empty(first.Symbols);
        for (int i = 1; i <= 5; i++)
        {
            _known.SetUnwindTable(i, i == 4 ? null : new FakeTable(16, 0, 0x100));
        }

        // Module 4 has no table and is taken for sure: nothing behind it needs symbols.
        var second = Assert.IsType<WalkOutcome.NeedsModules>(walker.Advance(_known, default));
        Assert.Empty(second.UnwindTables);
        Assert.Equal([1, 2, 3], second.Symbols.Order());
        _known.SetSymbols(1, new FakeSymbols(0, 1));
        _known.SetSymbols(2, new FakeSymbols(0, 1));
        _known.SetSymbols(3, null);
        var thread = Assert.IsType<WalkOutcome.NeedsModules>(walker.Advance(_known, default));
        Assert.Equal([5], thread.Symbols);
    }

    [Theory]
    [InlineData(159, 2)]
    [InlineData(160, 1)]
    public void The_window_above_an_exact_frame_is_160_words(int words, int frames)
    {
        _known.SetUnwindTable(0, null);
        var thread = Walk(CpuFamily.Amd64, new StackBuilder(Stack).Zeros(words).Word(Code + 0x2000), (16, Code + 0x1000), (7, Stack));
        Assert.Equal(frames, thread.Frames.Count);
    }

    [Theory]
    [InlineData(39, 3)]
    [InlineData(40, 2)]
    public void The_window_above_a_scanned_frame_is_40_words(int words, int frames)
    {
        _known.SetUnwindTable(0, null);
        var stack = new StackBuilder(Stack).Word(Code + 0x2000).Zeros(words).Word(Code + 0x3000);
        Assert.Equal(frames, Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack)).Frames.Count);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    public void Frames_are_limited(int limit)
    {
        _known.SetUnwindTable(0, new FakeTable(8));
        var stack = new StackBuilder(Stack);
        for (int i = 0; i < 50; i++)
        {
            stack.Word(Code + 0x2000);
        }

        var options = WalkOptions.Default with { Limits = ParseLimits.Default with { FramesPerThread = limit } };
        var thread = Walk(CpuFamily.Amd64, options, stack, (16, Code + 0x1000), (7, Stack));
        Assert.Equal((limit, WalkEnd.FrameLimit), (thread.Frames.Count, thread.End));
    }

    [Fact]
    public void A_call_through_null_keeps_its_caller()
    {
        _known.SetUnwindTable(0, null);
        var stack = new StackBuilder(Stack).Word(Code + 0x2000).Zeros(1).Word(0).Word(Code + 0x3000).Zeros(1).Word(0);
        var thread = Walk(CpuFamily.Amd64, stack, (16, 0UL), (7, Stack), (6, Stack + 0x10));
        Assert.Equal(["0 Context -1", "402000 Scan 0", "403000 FramePointer 0"], FrameListing.Of(thread));
    }

    /// <summary>The word on top is no return address where the code before it is at hand and no call.</summary>
    [Theory]
    [InlineData(0xe8, "402010 Scan 0")]
    [InlineData(0xe9, "402020 Scan 0")]
    public void A_jump_to_nowhere_keeps_the_frame_that_called(byte opcode, string second)
    {
        byte[] code = new byte[0x20];
        code[0xb] = opcode;
        code[0x1b] = 0xe8;
        _known.SetUnwindTable(0, new FakeCode(0x2000, code));
        var stack = new StackBuilder(Stack).Word(Code + 0x2010).Word(Code + 0x2020).Zeros(4);
        Assert.Equal(second, FrameListing.Of(Walk(CpuFamily.Amd64, stack, (16, 0UL), (7, Stack)))[1]);
    }

    /// <summary>Above a frame that was found by scanning, rules may rest on registers that are none of its own.</summary>
    [Theory]
    [InlineData(0xe8, "403010 Cfi 0")]
    [InlineData(0xe9, "404010 Scan 0")]
    public void Rules_above_a_scanned_frame_lead_to_calls(byte opcode, string third)
    {
        byte[] code = new byte[0x2020];
        code[0xb] = 0xe8;
        code[0x100b] = opcode;
        code[0x200b] = 0xe8;
        var stack = new StackBuilder(Stack).Word(Code + 0x2010).Zeros(1).Word(Code + 0x3010).Word(Code + 0x4010).Zeros(20);
        _known.SetUnwindTable(0, new FakeTable(16, 0x2000, 0x2100));
        _known.SetCode(0, new FakeCode(0x2000, code));
        _known.SetSymbols(0, null);
        Assert.Equal(
            ["401000 Context 0", "402010 Scan 0", third],
            FrameListing.Of(Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack))).Take(3));
    }

    /// <summary>The first word that a frame program finds points into a module whose code is not loaded yet, and follows no call.</summary>
    [Fact]
    public void Search_for_a_return_address_waits_for_code()
    {
        using var symbols = Breakpad.SymbolFile.Open(
            new BreakpadBuilder().Module("windows", "x86").FrameData(0x1000, 0x100, "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + ="));
        _known.SetUnwindTable(0, symbols.OpenUnwindTable());
        byte[] code = new byte[0x20];
        code[0x1b] = 0xe8;
        var stack = new StackBuilder(Stack, 4).Word(Other + 0x2010).Word(Other + 0x2020).Zeros(4);
        var walker = new StackWalker(
            CpuFamily.X86, [new WalkModule(0, Code, Code + 0x10000), new WalkModule(1, Other, Other + 0x10000)],
            [Thread(stack, (8, Code + 0x1010), (4, Stack))], WalkOptions.Default with { ScanStack = false });

        Assert.Equal([1], Assert.IsType<WalkOutcome.NeedsModules>(walker.Advance(_known, default)).UnwindTables);
        _known.SetUnwindTable(1, null);
        _known.SetCode(1, new FakeCode(0x2000, code));
        var thread = Assert.Single(Assert.IsType<WalkOutcome.Completed>(walker.Advance(_known, default)).Threads);
        Assert.Equal(["401010 Context 0", "802020 Cfi 1"], FrameListing.Of(thread));
    }

    /// <summary>Registers of one CPU are others of another one: what steps with them can return the frame itself.</summary>
    [Fact]
    public void A_table_of_another_cpu_is_not_asked()
    {
        var table = new FakeTable(16) { Cpu = CpuFamily.Arm64 };
        _known.SetUnwindTable(0, table);
        var stack = new StackBuilder(Stack).Zeros(1).Word(Code + 0x2000).Zeros(4);
        var thread = Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack));
        Assert.Equal(["401000 Context 0", "402000 Scan 0"], FrameListing.Of(thread));
        Assert.Empty(table.Steps);
    }

    [Fact]
    public void Windows_frame_pointers_point_into_their_frame()
    {
        _known.SetUnwindTable(0, null);
        var stack = new StackBuilder(Stack).Zeros(2).Word(1).Word(2).Word(3).Word(4).Word(Stack + 0x80).Word(Code + 0x2000).Zeros(12).Word(0).Word(0);
        var windows = WalkOptions.Default with { System = WalkSystem.Windows, ScanStack = false };
        var thread = Walk(CpuFamily.Amd64, windows, stack, (16, Code + 0x1000), (7, Stack), (6, Stack + 0x10));
        Assert.Equal(["401000 Context 0", "402000 FramePointer 0"], FrameListing.Of(thread));
        var linux = WalkOptions.Default with { ScanStack = false };
        Assert.Single(Walk(CpuFamily.Amd64, linux, stack, (16, Code + 0x1000), (7, Stack), (6, Stack + 0x10)).Frames);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Unwind_information_may_lead_into_an_unloaded_module(bool unloaded)
    {
        const ulong Gone = 0x6000_0000;
        _known.SetUnwindTable(0, new FakeTable(16));
        var options = WalkOptions.Default with { ScanStack = false, UnloadedRanges = unloaded ? [new AddressRange(Gone, Gone + 0x1000)] : [] };
        var thread = Walk(CpuFamily.Amd64, options, new StackBuilder(Stack).Zeros(1).Word(Gone + 0x460).Zeros(2), (16, Code + 0x1000), (7, Stack));
        Assert.Equal(unloaded ? ["401000 Context 0", "60000460 Cfi -1"] : ["401000 Context 0"], FrameListing.Of(thread));
    }

    /// <summary>rbp is a general register in most code of Windows: what it points to is believed only behind a call.</summary>
    [Theory]
    [InlineData(0xe8, true)] // call rel32
    [InlineData(0xe9, false)] // jmp rel32
    public void Windows_frame_pointers_lead_to_calls(byte opcode, bool expected)
    {
        _known.SetUnwindTable(0, null);
        var stack = new StackBuilder(Stack).Zeros(2).Word(Stack + 0x40).Word(Code + 0x2000).Zeros(8);
        var memory = stack.ToMemory().Add(Code + 0x1ff8, [0x90, 0x90, 0x90, opcode, 0, 0, 0, 0]);
        var windows = WalkOptions.Default with { System = WalkSystem.Windows, ScanStack = false };
        var thread = Walk(CpuFamily.Amd64, windows, stack, memory, (16, Code + 0x1000), (7, Stack), (6, Stack + 0x10));
        Assert.Equal(expected ? 2 : 1, thread.Frames.Count);
    }

    [Fact]
    public void X86_follows_ebp()
    {
        _known.SetUnwindTable(0, null);
        var stack = new StackBuilder(Stack, 4).Zeros(1).Word(Stack + 0x10).Word(Code + 0x2000).Zeros(1).Word(0).Word(Code + 0x3000).Zeros(1);
        var thread = Walk(CpuFamily.X86, stack, (8, Code + 0x1000), (4, Stack), (5, Stack + 4));
        Assert.Equal(["401000 Context 0", "402000 FramePointer 0", "403000 FramePointer 0"], FrameListing.Of(thread));
    }

    /// <summary>
    /// Locals, a pushed number, a pushed pointer to code that follows no call, one into no module, the return address; then
    /// a frame whose code is not in the dump.
    /// </summary>
    [Fact]
    public void X86_searches_the_return_address_above_what_a_frame_has_pushed()
    {
        const string Program = "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + =";
        using var symbols = Breakpad.SymbolFile.Open(
            new BreakpadBuilder().Module("windows", "x86").FrameData(0x1000, 0x100, Program, locals: 8).FrameData(0x2000, 0x100, Program));
        _known.SetUnwindTable(0, symbols.OpenUnwindTable());
        _known.SetUnwindTable(1, null);
        var stack = new StackBuilder(Stack, 4).Word(Code + 0x3000).Zeros(1).Word(7).Word(Code + 0x3000).Word(0x1234_5678).Word(Code + 0x2008)
            .Word(9).Word(Other + 0x4000).Zeros(4);
        var memory = stack.ToMemory().Add(Code + 0x2000, [0x90, 0x90, 0x90, 0xe8, 0, 0, 0, 0]).Add(Code + 0x2ff8, new byte[8]);
        var thread = Walk(CpuFamily.X86, WalkOptions.Default with { ScanStack = false }, stack, memory, (8, Code + 0x1010), (4, Stack));

        Assert.Equal(["401010 Context 0", "402008 Cfi 0", "804000 Cfi 1"], FrameListing.Of(thread));
        Assert.Equal(Stack + 24, thread.Frames[1].StackPointer);
    }

    /// <summary>Authentication codes occupy the bits above the highest module.</summary>
    [Fact]
    public void Arm64_follows_x29_and_strips_authentication_codes()
    {
        _known.SetUnwindTable(0, null);
        const ulong Signed = 0x00a5_0000_0000_0000;
        var stack = new StackBuilder(Stack).Zeros(2).Word(Stack + 0x20).Word(Signed | Code + 0x2000).Word(0).Word(0);
        var thread = Walk(CpuFamily.Arm64, stack, (32, Code + 0x1000), (31, Stack), (29, Stack + 0x10));
        Assert.Equal(["401000 Context 0", "402000 FramePointer 0"], FrameListing.Of(thread));
        Assert.Equal((Code + 0x1ffc, WalkEnd.EndOfStack), (thread.Frames[1].LookupAddress, thread.End));
    }

    /// <summary>
    /// A record says nothing of the stack pointer above it. The table of module 1 needs that and knows where x29 is saved
    /// (as GCC's functions do): its frame is found by the record, that of a table without such a rule by the chain.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Arm64_does_not_take_the_end_of_a_record_for_the_stack_pointer(bool savesRecord)
    {
        var cfi = new CfiAssembler(eh: true);
        int common = cfi.Common([0x0c, 31, 0], codeAlignment: 4, dataAlignment: -8, returnRegister: 30);
        byte[] rules = savesRecord ? [0x0e, 0x20, 0x9d, 4, 0x9e, 3] : [0x0e, 0x20, 0x9e, 3];
        cfi.Function(common, 0x1000, 0x1000, rules);
        var sections = FrameTableTests.Sections(cfi.ToArray(), eh: true) with { Cpu = CpuFamily.Arm64 };
        _known.SetUnwindTable(0, null);
        _known.SetUnwindTable(1, DwarfFrameTable.Open(sections, ParseLimits.Default, new FaultLog()));
        var stack = new StackBuilder(Stack)
            .Word(Stack + 0x40).Word(Other + 0x1100) // record of the library
            .Word(0).Word(Code + 0x7770).Zeros(1).Word(Code + 0x7774).Zeros(2) // its locals, with code addresses where a wrong CFA leads
            .Word(0).Word(Code + 0x2000).Zeros(2) // record of the program at the bottom of its 32 bytes
            .Zeros(2);
        var options = WalkOptions.Default with { KeepRegisters = true };
        var thread = Walk(CpuFamily.Arm64, options, stack, (32, Code + 0x1000), (31, Stack), (29, Stack));
        string how = savesRecord ? "Cfi" : "FramePointer";
        Assert.Equal(["401000 Context 0", "801100 FramePointer 1", $"402000 {how} 0"], FrameListing.Of(thread).Take(3));
        Assert.Equal([true, false, savesRecord], thread.Registers.Take(3).Select(r => r.IsValid(31)));
        Assert.Equal(savesRecord ? Stack + 0x60 : Stack + 0x50, thread.Frames[2].StackPointer);
    }

    /// <summary>The first word follows a jump, the second a call, the third lies where the file has no code.</summary>
    [Fact]
    public void Scanning_refuses_words_without_a_call_before_them_where_code_is_at_hand()
    {
        byte[] code = [0, 0, 0, 0xe9, 1, 2, 3, 4, 0, 0, 0, 0xe8, 1, 2, 3, 4];
        _known.SetUnwindTable(0, new FakeCode(0x2000, code));
        var stack = new StackBuilder(Stack).Word(Code + 0x2008).Word(Code + 0x2010).Word(Code + 0x2014);
        var thread = Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack));
        Assert.Equal(["401000 Context 0", "402010 Scan 0", "402014 Scan 0"], FrameListing.Of(thread));
    }

    /// <summary>A handler returns to code that nobody called.</summary>
    [Fact]
    public void Scanning_takes_the_code_to_which_signal_handlers_return()
    {
        byte[] code = [0x0f, 0x1f, 0x80, 0, 0, 0, 0, 0x90, 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];
        _known.SetUnwindTable(0, new FakeCode(0x2000, code));
        var stack = new StackBuilder(Stack).Word(Code + 0x2008).Zeros(5);
        var registers = Enumerable.Range(0, 17).Select(i => (ulong)i).ToArray();
        registers[15] = Stack + 0x200; // rsp in the order of struct sigcontext
        registers[16] = Code + 0x3000; // rip
        foreach (ulong value in registers)
        {
            stack.Word(value);
        }

        stack.Zeros(60);
        var memory = stack.ToMemory().Add(Code + 0x2000, code);
        var thread = Walk(CpuFamily.Amd64, WalkOptions.Default, stack, memory, (16, Code + 0x1000), (7, Stack));
        Assert.Equal(["401000 Context 0", "402008 Scan 0", "403000 Cfi 0"], FrameListing.Of(thread));
        Assert.True(thread.Frames[1].IsSignalTrampoline);
    }

    [Fact]
    public void Data_of_a_module_is_no_code_where_the_dump_knows_executable_memory()
    {
        _known.SetUnwindTable(0, null);
        _known.SetUnwindTable(1, null);
        var stack = new StackBuilder(Stack).Word(Code + 0x5000).Word(Code + 0x2000).Word(Other + 0x100).Word(Code + 0x4000).Word(Code + 0x4001);
        string[] known = ["401000 Context 0", "402000 Scan 0", "800100 Scan 1", "404000 Scan 0"];
        var options = WalkOptions.Default with
        {
            // Unordered and overlapping; none of them says anything of the other module.
            ExecutableRanges = [new AddressRange(Code + 0x3000, Code + 0x4000), new AddressRange(Code + 0x1000, Code + 0x3800), new AddressRange(9, 1)],
        };
        Assert.Equal(known, FrameListing.Of(Walk(CpuFamily.Amd64, options, stack, (16, Code + 0x1000), (7, Stack))));
        Assert.Equal(6, Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack)).Frames.Count);
    }

    /// <summary>Clang points r11 or r7 at the saved pair's lower word, GCC points r11 at its upper one.</summary>
    [Theory]
    [InlineData(11, 0)]
    [InlineData(11, 4)]
    [InlineData(7, 0)]
    public void Arm_follows_the_records_of_its_compilers(int register, int offset)
    {
        _known.SetUnwindTable(0, null);
        var stack = new StackBuilder(Stack, 4).Zeros(2).Word(Stack + 0x18).Word(Code + 0x2001).Zeros(4);
        var options = WalkOptions.Default with { ScanStack = false };
        var thread = Walk(CpuFamily.Arm, options, stack, (15, Code + 0x1000), (13, Stack), (register, Stack + 8 + (ulong)offset));
        Assert.Equal(["401000 Context 0", "402000 FramePointer 0"], FrameListing.Of(thread));
        Assert.Equal(Code + 0x1ffe, thread.Frames[1].LookupAddress);
    }

    [Fact]
    public void Generated_code_is_believed_only_where_the_dump_knows_executable_memory()
    {
        _known.SetUnwindTable(0, new FakeTable(16));
        const ulong Generated = 0x1_0000_0000;
        var stack = new StackBuilder(Stack).Zeros(1).Word(Generated + 0x10).Zeros(2);
        var options = WalkOptions.Default with { ScanStack = false };
        Assert.Single(Walk(CpuFamily.Amd64, options, stack, (16, Code + 0x1000), (7, Stack)).Frames);
        options = options with { ExecutableRanges = [new AddressRange(Generated, Generated + 0x1000)] };
        var thread = Walk(CpuFamily.Amd64, options, stack, (16, Code + 0x1000), (7, Stack));
        Assert.Equal(["401000 Context 0", "100000010 Cfi -1"], FrameListing.Of(thread));
    }

    [Fact]
    public void A_thread_without_registers_or_stack_says_so()
    {
        _known.SetUnwindTable(0, null);
        Assert.Equal((0, WalkEnd.NoContext), Summary(Walk(CpuFamily.Amd64, new StackBuilder(Stack).Zeros(1))));
        Assert.Equal((0, WalkEnd.NoContext), Summary(Walk(CpuFamily.Mips, new StackBuilder(Stack).Zeros(1), (16, Code))));
        Assert.Equal((1, WalkEnd.StackUnreadable), Summary(Walk(CpuFamily.Amd64, new StackBuilder(Stack).Zeros(1), (16, Code), (7, 0x1000UL))));
        Assert.Equal((1, WalkEnd.NoCaller), Summary(Walk(CpuFamily.Amd64, new StackBuilder(Stack).Zeros(1), (16, Code), (7, Stack))));

        static (int, WalkEnd) Summary(WalkedThread thread) => (thread.Frames.Count, thread.End);
    }

    /// <summary>Registers and stack words at the edges of their range, for every CPU and system: only that the walk ends.</summary>
    [Fact]
    public void Hostile_registers_and_stacks_end()
    {
        ulong[] edges = [0, 1, 7, Stack, Stack + 8, Code + 1, 0x7fff_ffff, uint.MaxValue, uint.MaxValue - 3, ulong.MaxValue, ulong.MaxValue - 7, 1UL << 63, 1UL << 47];
        var dice = new Random(3);
        foreach (var cpu in (CpuFamily[])[CpuFamily.Amd64, CpuFamily.X86, CpuFamily.Arm, CpuFamily.Arm64])
        {
            var known = new ModuleTables();
            known.SetUnwindTable(0, new FakeTable(16, 0, 0x8000) { Cpu = cpu });
            known.SetUnwindTable(1, null);
            known.SetSymbols(0, null);
            for (int i = 0; i < 2000; i++)
            {
                var stack = new StackBuilder(Stack, cpu is CpuFamily.X86 or CpuFamily.Arm ? 4 : 8);
                for (int word = 0; word < 24; word++)
                {
                    stack.Word(edges[dice.Next(edges.Length)]);
                }

                var registers = default(RegisterState);
                for (int register = 0; register < 33; register++)
                {
                    registers.Set(register, edges[dice.Next(edges.Length)]);
                }

                var thread = new WalkThread { Id = 1, Registers = registers, Memory = stack.ToMemory() };
                var options = WalkOptions.Default with { System = (WalkSystem)dice.Next(4) };
                var walker = new StackWalker(cpu, [new WalkModule(0, Code, Code + 0x10000), new WalkModule(1, 1UL << 63, ulong.MaxValue)], [thread], options);
                Assert.IsType<WalkOutcome.Completed>(walker.Advance(known, default));
            }
        }
    }

    [Fact]
    public void A_module_inside_another_one_owns_its_addresses()
    {
        var map = new CodeMap(
            [new WalkModule(1, 0x1000, 0x9000), new WalkModule(2, 0x3000, 0x4000), new WalkModule(3, 0x8000, 0xa000), new WalkModule(4, 0x500, 0x500)], null);
        int[] found = [.. ((ulong[])[0xfff, 0x1000, 0x2fff, 0x3000, 0x3fff, 0x4000, 0x7fff, 0x8000, 0x9fff, 0xa000])
            .Select(a => map.TryFind(a, out var module) ? module.Index : 0)];
        Assert.Equal([0, 1, 1, 2, 2, 1, 1, 3, 3, 0], found);
    }

    private WalkedThread Walk(CpuFamily cpu, StackBuilder stack, params ReadOnlySpan<(int Register, ulong Value)> registers) =>
        Walk(cpu, WalkOptions.Default, stack, registers);

    private WalkedThread Walk(
        CpuFamily cpu, WalkOptions options, StackBuilder stack, params ReadOnlySpan<(int Register, ulong Value)> registers) =>
        Walk(cpu, options, stack, stack.ToMemory(), registers);

    private WalkedThread Walk(
        CpuFamily cpu, WalkOptions options, StackBuilder stack, IMemoryView memory, params ReadOnlySpan<(int Register, ulong Value)> registers)
    {
        var modules = new[] { new WalkModule(0, Code, Code + 0x10000), new WalkModule(1, Other, Other + 0x10000) };
        var walker = new StackWalker(cpu, modules, [Thread(stack, registers) with { Memory = memory }], options);
        return Assert.Single(Assert.IsType<WalkOutcome.Completed>(walker.Advance(_known, default)).Threads);
    }

    private static WalkThread Thread(StackBuilder stack, params ReadOnlySpan<(int Register, ulong Value)> registers)
    {
        var state = default(RegisterState);
        foreach (var (register, value) in registers)
        {
            state.Set(register, value);
        }

        return new WalkThread { Id = 1, Registers = state, Memory = stack.ToMemory(), StackStart = stack.Start, StackEnd = stack.End };
    }
}
