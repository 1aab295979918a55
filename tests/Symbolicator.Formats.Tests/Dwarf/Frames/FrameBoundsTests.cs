using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf.Frames;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Dwarf.Frames;

public sealed class FrameBoundsTests
{
    private const ulong Stack = 0x7ff0_0000;

    [Theory]
    [InlineData(3, UnwindOutcome.Stepped)]
    [InlineData(4, UnwindOutcome.Failed)]
    public void Remembered_states_are_limited(int depth, UnwindOutcome expected) =>
        Assert.Equal(expected, Step(
            ParseLimits.Default with { RememberDepth = 3 }, [.. Enumerable.Repeat((byte)0x0a, depth)]).Outcome);

    [Theory]
    [InlineData(10, UnwindOutcome.Stepped)]
    [InlineData(11, UnwindOutcome.Failed)]
    public void Steps_of_an_expression_are_limited(int operations, UnwindOutcome expected) =>
        Assert.Equal(expected, Step(
            ParseLimits.Default with { ExpressionSteps = 10 }, Cfa([0x77, 8, .. Enumerable.Repeat((byte)0x96, operations - 1)])).Outcome);

    [Theory]
    [InlineData(4, UnwindOutcome.Stepped)]
    [InlineData(5, UnwindOutcome.Failed)]
    public void The_stack_of_an_expression_is_limited(int values, UnwindOutcome expected) =>
        Assert.Equal(expected, Step(
            ParseLimits.Default with { ExpressionStack = 4 }, Cfa([.. Enumerable.Repeat((byte)0x31, values - 1), 0x77, 8])).Outcome);

    [Fact]
    public void An_endless_expression_ends()
    {
        var result = Step(ParseLimits.Default, Cfa([0x2f, 0xfd, 0xff]));
        Assert.Equal((UnwindOutcome.Failed, MalformedReason.StepsOverLimit), (result.Outcome, result.Fault.Reason));
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(1, 1)]
    public void Functions_are_limited(int limit, int faults)
    {
        var cfi = new CfiAssembler(eh: true);
        int common = cfi.Common([0x0c, 7, 8, 0x90, 1]);
        cfi.Function(common, 0x1000, 0x40, []);
        cfi.Function(common, 0x2000, 0x40, []);
        var log = new FaultLog();
        var table = DwarfFrameTable.Open(FrameTableTests.Sections(cfi.ToArray(), eh: true), ParseLimits.Default with { UnwindEntries = limit }, log)!;
        Assert.Equal((true, limit == 2, faults), (table.Covers(0x1000), table.Covers(0x2000), log.Total));
    }

    [Fact]
    public void A_length_beyond_the_section_faults_at_its_offset_and_keeps_what_came_before()
    {
        var cfi = new CfiAssembler(eh: true);
        cfi.Function(cfi.Common([0x0c, 7, 8, 0x90, 1]), 0x1000, 0x40, []);
        int at = cfi.Length;
        cfi.Raw(0xff, 0xff, 0xff, 0x7f);
        var log = new FaultLog();
        var table = DwarfFrameTable.Open(FrameTableTests.Sections(cfi.ToArray(), eh: true), ParseLimits.Default, log)!;
        Assert.True(table.Covers(0x1000));
        Assert.Equal(new ParseFault(MalformedReason.Truncated, at + 4), Assert.Single(log.First).Fault);
    }

    /// <summary>Arithmetic of 64 bits at its edges by every operation: no trap, no exception.</summary>
    [Fact]
    public void No_operation_traps()
    {
        ulong[] edges = [0, 1, 63, 64, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, ulong.MaxValue];
        foreach (ulong left in edges)
        {
            foreach (ulong right in edges)
            {
                for (int operation = 0; operation < 256; operation++)
                {
                    byte[] expression = [0x0e, .. BitConverter.GetBytes(left), 0x0e, .. BitConverter.GetBytes(right), (byte)operation, 1, 0, 0, 0];
                    Step(ParseLimits.Default, Cfa(expression));
                }
            }
        }
    }

    [Theory]
    [InlineData("cfi-amd64.so", CpuFamily.Amd64)]
    [InlineData("cfi-x86.so", CpuFamily.X86)]
    [InlineData("cfi-arm.so", CpuFamily.Arm)]
    [InlineData("cfi-arm64.so", CpuFamily.Arm64)]
    public void Damaged_sections_are_contained(string name, CpuFamily cpu)
    {
        var sections = FrameFixture.OpenFixture(name, cpu);
        bool eh = sections.DebugFrame.IsEmpty;
        var section = eh ? sections.EhFrame : sections.DebugFrame;
        Assert.True(section.TryWindow(0, (ulong)section.Length, out var window));
        IMemoryView memory = new StackBuilder(Stack).Zeros(64).ToMemory();
        var callee = default(RegisterState);
        for (int i = 0; i < RegisterState.Capacity; i++)
        {
            callee.Set(i, Stack + (ulong)i * 8);
        }

        Mutator.Run(Mutator.Mutations(window.ToArray(), headerBytes: 160, random: 600, keep: 0), bytes =>
        {
            var damaged = new Section(new MemoryFileBytes(bytes), new ByteRange(0, bytes.Length), section.Address);
            var table = DwarfFrameTable.Open(
                sections with { DebugFrame = eh ? default : damaged, EhFrame = eh ? damaged : default }, ParseLimits.Default, new FaultLog());
            for (ulong rva = 0x400; table is not null && rva < 0xc00; rva += 13)
            {
                table.Step(new UnwindFrame(rva, 0x10000), callee, memory, out _);
                if (rva % 5 == 0)
                {
                    table.Describe(rva);
                }
            }
        });
    }

    private static byte[] Cfa(byte[] expression) => [0x0f, (byte)expression.Length, .. expression];

    private static UnwindResult Step(ParseLimits limits, byte[] instructions)
    {
        var cfi = new CfiAssembler(eh: true);
        cfi.Function(cfi.Common([0x0c, 7, 8, 0x90, 1]), 0x1000, 0x40, instructions);
        var table = DwarfFrameTable.Open(FrameTableTests.Sections(cfi.ToArray(), eh: true), limits, new FaultLog())!;
        var memory = new StackBuilder(Stack).Word(0x2000).ToMemory();
        return table.Step(new UnwindFrame(0x1000, 0), FrameTableTests.State((7, Stack)), memory, out _);
    }
}
