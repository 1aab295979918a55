using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Unwind;

/// <summary>The proof of ADR 2: 100 modules, 20 threads.</summary>
public sealed class SuspendAndResumeTests
{
    private const int Modules = 100;
    private const int Threads = 20;
    private const int Depth = 30;
    private const ulong Stacks = 0x7f00_0000_0000;

    private readonly List<WalkModule> _modules =
        [.. Enumerable.Range(0, Modules).Select(i => new WalkModule(i, Start(i), Start(i) + 0x10_0000))];

    private static ulong Start(int module) => 0x5500_0000_0000 + (ulong)module * 0x100_0000;

    [Fact]
    public void Rounds_are_bounded_by_depth_and_no_frame_is_computed_twice()
    {
        var tables = Enumerable.Range(0, Modules).Select(_ => new FakeTable(32)).ToArray();
        var walker = new StackWalker(CpuFamily.Amd64, _modules, MakeThreads(), WalkOptions.Default);
        var known = new ModuleTables();
        var asked = new HashSet<int>();
        int rounds = 0;
        WalkOutcome outcome;
        while ((outcome = walker.Advance(known, TestContext.Current.CancellationToken)) is WalkOutcome.NeedsModules needs)
        {
            rounds++;
            Assert.Empty(needs.Symbols);
            Assert.All(needs.UnwindTables, module => Assert.True(asked.Add(module)));
            foreach (int module in needs.UnwindTables)
            {
                known.SetUnwindTable(module, tables[module]);
            }
        }

        var resumed = Assert.IsType<WalkOutcome.Completed>(outcome).Threads;
        Assert.InRange(rounds, 2, Depth);
        Assert.Equal(Threads * Depth, resumed.Sum(t => t.Frames.Count));
        var steps = tables.SelectMany((t, i) => t.Steps.Select(s => (i, s.StackPointer, s.Rva))).ToList();
        Assert.Equal(steps.Count, steps.Distinct().Count());
        Assert.Equal(Threads * Depth, steps.Count);

        Assert.Equal(WalkPreloaded(_ => new FakeTable(32)).SelectMany(FrameListing.Of), resumed.SelectMany(FrameListing.Of));
    }

    /// <summary>Every second module has no unwind information and the scanner has to ask for tables and symbols.</summary>
    [Fact]
    public void Missing_modules_and_scanning_change_neither_the_bound_nor_the_result()
    {
        static IUnwindTable? Table(int module) => (module % 3) switch
        {
            0 => null,
            1 => new FakeTable(32),
            _ => new FakeTable(32, 0, 0x10), // covers nothing that is executed
        };

        static ISymbolCoverage? Symbols(int module) => module % 2 == 0 ? new FakeSymbols(0, 0x10_0000) : null;

        var walker = new StackWalker(CpuFamily.Amd64, _modules, MakeThreads(), WalkOptions.Default);
        var known = new ModuleTables();
        int rounds = 0;
        int entries = 0;
        WalkOutcome outcome;
        while ((outcome = walker.Advance(known, TestContext.Current.CancellationToken)) is WalkOutcome.NeedsModules needs)
        {
            rounds++;
            entries += needs.UnwindTables.Count + needs.Symbols.Count;
            Assert.NotEqual(0, needs.UnwindTables.Count + needs.Symbols.Count);
            foreach (int module in needs.UnwindTables)
            {
                Assert.False(known.TryGetUnwindTable(module, CpuFamily.Amd64, out _));
                known.SetUnwindTable(module, Table(module));
            }

            foreach (int module in needs.Symbols)
            {
                Assert.False(known.TryGetSymbols(module, out _));
                known.SetSymbols(module, Symbols(module));
            }
        }

        Assert.InRange(rounds, 2, Math.Min(entries, Modules + 1));
        var resumed = Assert.IsType<WalkOutcome.Completed>(outcome).Threads;
        Assert.Equal(WalkPreloaded(Table, Symbols).SelectMany(FrameListing.Of), resumed.SelectMany(FrameListing.Of));
        Assert.Contains(resumed, t => t.Frames.Any(f => f.Trust == FrameTrust.Scan));
    }

    [Fact]
    public void Cancellation_leaves_a_walk_that_can_go_on()
    {
        var walker = new StackWalker(CpuFamily.Amd64, _modules, MakeThreads(), WalkOptions.Default);
        var known = Preloaded(_ => new FakeTable(32), _ => null);
        Assert.Throws<OperationCanceledException>(() => walker.Advance(known, new CancellationToken(canceled: true)));
        var done = Assert.IsType<WalkOutcome.Completed>(walker.Advance(known, TestContext.Current.CancellationToken));
        Assert.Equal(Threads * Depth, done.Threads.Sum(t => t.Frames.Count));
    }

    private IReadOnlyList<WalkedThread> WalkPreloaded(Func<int, IUnwindTable?> table, Func<int, ISymbolCoverage?>? symbols = null)
    {
        var walker = new StackWalker(CpuFamily.Amd64, _modules, MakeThreads(), WalkOptions.Default);
        var outcome = walker.Advance(Preloaded(table, symbols ?? (_ => null)), TestContext.Current.CancellationToken);
        return Assert.IsType<WalkOutcome.Completed>(outcome).Threads;
    }

    private static ModuleTables Preloaded(Func<int, IUnwindTable?> table, Func<int, ISymbolCoverage?> symbols)
    {
        var known = new ModuleTables();
        for (int i = 0; i < Modules; i++)
        {
            known.SetUnwindTable(i, table(i));
            known.SetSymbols(i, symbols(i));
        }

        return known;
    }

    /// <summary>Frames of four words whose return addresses lead through random modules; zero ends the stack.</summary>
    private static WalkThread[] MakeThreads()
    {
        var dice = new Random(7);
        var threads = new WalkThread[Threads];
        for (int i = 0; i < Threads; i++)
        {
            var stack = new StackBuilder(Stacks + (ulong)i * 0x10_0000);
            for (int frame = 1; frame <= Depth; frame++)
            {
                ulong target = frame == Depth ? 0 : Start(dice.Next(Modules)) + 0x1000 + (ulong)dice.Next(0x1000);
                stack.Zeros(3).Word(target);
            }

            var registers = default(RegisterState);
            registers.Set(16, Start(dice.Next(Modules)) + 0x1000);
            registers.Set(7, stack.Start);
            threads[i] = new WalkThread
            {
                Id = (ulong)i,
                Registers = registers,
                Memory = stack.ToMemory(),
                StackStart = stack.Start,
                StackEnd = stack.End,
            };
        }

        return threads;
    }
}
