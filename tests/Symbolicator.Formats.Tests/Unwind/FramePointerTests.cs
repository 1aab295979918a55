using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Unwind;

public sealed class FramePointerTests
{
    private const ulong Code = 0x40_0000;
    private const ulong Stack = 0x7ff0_0000;

    [Fact]
    public void Amd64_follows_records_to_the_zero_record()
    {
        var stack = new StackBuilder(Stack).Zeros(2)
            .Word(Stack + 0x30).Word(Code + 0x1100)     // 0x10: record of the innermost frame
            .Zeros(2)
            .Word(Stack + 0x50).Word(Code + 0x1200)     // 0x30
            .Zeros(2)
            .Word(0).Word(0);                           // 0x50: end of the chain
        var thread = Walk(CpuFamily.Amd64, stack, (16, Code + 0x1000), (7, Stack), (6, Stack + 0x10));
        Assert.Equal(
            ["401000 Context 0", "401100 FramePointer 0", "401200 FramePointer 0"],
            FrameListing.Of(thread));
        Assert.Equal(WalkEnd.EndOfStack, thread.End);
        Assert.Equal(Stack + 0x20, thread.Frames[1].StackPointer);
        Assert.Equal(Code + 0x10ff, thread.Frames[1].LookupAddress);
    }

    internal static WalkedThread Walk(
        CpuFamily cpu, StackBuilder stack, params ReadOnlySpan<(int Register, ulong Value)> registers)
    {
        var state = default(RegisterState);
        foreach (var (register, value) in registers)
        {
            state.Set(register, value);
        }

        var thread = new WalkThread { Id = 1, Registers = state, Memory = stack.ToMemory(), StackStart = stack.Start, StackEnd = stack.End };
        var walker = new StackWalker(cpu, [new WalkModule(0, Code, Code + 0x10000)], [thread], WalkOptions.Default);
        var known = new ModuleTables();
        known.SetUnwindTable(0, null);
        var done = Assert.IsType<WalkOutcome.Completed>(walker.Advance(known, TestContext.Current.CancellationToken));
        return Assert.Single(done.Threads);
    }
}
