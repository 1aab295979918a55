using System.Diagnostics;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb.Modules;

/// <summary>Records chosen to cost much: work and memory stay in proportion to the file.</summary>
public sealed class PdbModuleBoundsTests
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    [Fact]
    public void Scopes_may_nest_without_end()
    {
        const int Depth = 100_000;
        var symbols = new CodeViewSymbols().Procedure("deep", 0, 0x40);
        for (int i = 0; i < Depth; i++)
        {
            symbols.Block(0, 0x40);
        }

        for (int i = 0; i <= Depth; i++)
        {
            symbols.End();
        }

        var module = new ModuleText().Module(symbols.Procedure("next", 0x40, 4).End());
        Assert.Equal(["deep 1000-1040", "next 1040-1044"], Guarded(module));
    }

    [Fact]
    public void Calls_may_nest_without_end()
    {
        const int Depth = 100_000;
        var (module, lines, file) = Begin();
        lines.Lines(0, 0x40, file, (0, 1)).Inlinees((0x1000, file, 10));
        var symbols = new CodeViewSymbols().Procedure("deep", 0, 0x40);
        for (int i = 0; i < Depth; i++)
        {
            symbols.InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(0x40, 0));
        }

        for (int i = 0; i < Depth; i++)
        {
            symbols.InlineSiteEnd();
        }

        module.Module(symbols.End(), lines);
        string function = Assert.Single(Guarded(module));
        Assert.Contains($"| {ParseLimits.Default.InlineDepth - 1} inner", function, StringComparison.Ordinal);
        Assert.DoesNotContain($"| {ParseLimits.Default.InlineDepth} inner", function, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_calls_over_many_lines_are_cut_short()
    {
        var (module, lines, file) = Begin();
        var rows = Enumerable.Range(0, 8000).Select(i => ((uint)i * 4, (uint)i + 1)).ToArray();
        lines.Lines(0, 0x8000, file, rows).Inlinees((0x1000, file, 10));
        var symbols = new CodeViewSymbols().Procedure("wide", 0, 0x8000);
        for (int i = 0; i < 8000; i++)
        {
            symbols.InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(0x8000, 0));
            if (i % 500 == 499)
            {
                for (int j = 0; j < 500; j++)
                {
                    symbols.InlineSiteEnd();
                }
            }
        }

        module.Module(symbols.End(), lines);
        var watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(1, module.Count().Functions);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Mutator.AllowedBytes);
        Assert.True(watch.Elapsed < HangGuard);
        Assert.Equal(MalformedReason.StepsOverLimit, module.Faults!.First[0].Fault.Reason);
    }

    [Fact]
    public void Procedures_may_share_lines_only_so_often()
    {
        var (module, lines, file) = Begin();
        var rows = Enumerable.Range(0, 4000).Select(i => ((uint)i * 4, (uint)i + 1)).ToArray();
        lines.Lines(0, 0x4000, file, rows);
        var symbols = new CodeViewSymbols();
        for (int i = 0; i < 20_000; i++)
        {
            symbols.Procedure("f", 0, 0x4000).End();
        }

        module.Module(symbols, lines);
        var watch = Stopwatch.StartNew();
        (int functions, long read) = module.Count();
        Assert.True(watch.Elapsed < HangGuard);
        Assert.Equal(20_000, functions);
        Assert.InRange(read, 1L << 24, (1L << 24) + (32 * 4000));
        Assert.Equal(MalformedReason.StepsOverLimit, module.Faults!.First[0].Fault.Reason);
    }

    [Fact]
    public void Blocks_that_interleave_are_read_in_proportion()
    {
        // Every block reaches to the end of the code, so that each procedure has to look at all before it.
        const int Blocks = 1000;
        var (module, lines, file) = Begin();
        var blocks = Enumerable.Range(0, Blocks)
            .Select(i => (file, new[] { ((uint)i * 4, (uint)i + 1), (0xf000u, 1u) })).ToArray();
        lines.Lines(0, 0x10000, 1, hasColumns: false, blocks);
        var symbols = new CodeViewSymbols();
        for (uint i = 0; i < Blocks; i++)
        {
            symbols.Procedure("f", i * 4, 4).End();
        }

        module.Module(symbols, lines);
        string[] functions = Guarded(module);
        Assert.Equal(Blocks + 1, functions.Length);
        Assert.Equal("f 1800-1804 | 1800=a.c:513", functions[512]);
    }

    [Fact]
    public void Blocks_that_are_passed_over_count()
    {
        // The first block reaches to the end of the code, so that each procedure passes over all blocks in between.
        const int Blocks = 8000;
        var (module, lines, file) = Begin();
        var blocks = Enumerable.Range(0, Blocks)
            .Select(i => (file, i == 0 ? [(0u, 1u), (0xffffu, 2u)] : new[] { ((uint)i * 4, (uint)i + 1) })).ToArray();
        lines.Lines(0, 0x10000, 1, hasColumns: false, blocks);
        var symbols = new CodeViewSymbols();
        for (uint i = 0; i < Blocks; i++)
        {
            symbols.Procedure("f", (Blocks - 1 - i) * 4, 4).End();
        }

        module.Module(symbols, lines);
        Assert.InRange(Guarded(module).Length, Blocks, Blocks + 1);
        Assert.Equal(MalformedReason.StepsOverLimit, module.Faults!.First[0].Fault.Reason);
    }

    [Fact]
    public void Code_whose_rows_are_elsewhere_counts()
    {
        // Each procedure passes all stretches, and no row of these is in them.
        const int Stretches = 6000;
        var (module, lines, file) = Begin();
        for (uint i = 0; i < Stretches; i++)
        {
            lines.Lines(i * 4, 4, file, (8, 1));
        }

        var symbols = new CodeViewSymbols();
        for (uint i = 0; i < Stretches; i++)
        {
            symbols.Procedure("f", 0, Stretches * 4).End();
        }

        module.Module(symbols, lines);
        Assert.Equal(Stretches, Guarded(module).Length);
        Assert.Equal(MalformedReason.StepsOverLimit, module.Faults!.First[0].Fault.Reason);
    }

    [Fact]
    public void Rows_of_all_code_of_a_function_count_together()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText { Limits = ParseLimits.Default with { LineRows = 3 } };
        uint file = lines.File(module.Pdb.Name("a.c"));
        lines.Lines(0, 0x10, file, (0, 1), (4, 2)).Lines(0x10, 0x10, file, (0, 3), (4, 4));
        module.Module(new CodeViewSymbols().Procedure("f", 0, 0x20).End(), lines);

        Assert.Equal(["f 1000-1020 | 1000=a.c:1 1004=a.c:2 1010=0"], module.Functions());
        Assert.Equal(MalformedReason.CountOverLimit, module.Faults!.First[0].Fault.Reason);
    }

    [Fact]
    public void Code_separated_again_and_again_has_its_lines_once()
    {
        var (module, lines, file) = Begin();
        var rows = Enumerable.Range(0, 4000).Select(i => ((uint)i * 4, (uint)i + 1)).ToArray();
        lines.Lines(0x100, 0x4000, file, rows);
        var symbols = new CodeViewSymbols().Procedure("f", 0, 0x100).End();
        for (int i = 0; i < 1000; i++)
        {
            symbols.SeparatedCode(0x100, 0x4000, 0).End();
        }

        module.Module(symbols.SeparatedCode(0x40, 0x100, 0).End().SeparatedCode(0x5000, 0x10, 0x100).End(), lines);
        string function = Assert.Single(Guarded(module));
        Assert.StartsWith("f 1000-5100,6000-6010 | ", function, StringComparison.Ordinal);
        Assert.True(module.Faults!.IsEmpty);
    }

    [Fact]
    public void Rows_over_the_limit_are_left_out()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText { Limits = ParseLimits.Default with { LineRows = 2 } };
        lines.Lines(0, 0x10, lines.File(module.Pdb.Name("a.c")), (0, 1), (4, 2), (8, 3));
        module.Module(new CodeViewSymbols().Procedure("f", 0, 0x10).End(), lines);

        Assert.Equal(["f 1000-1010 | 1000=a.c:1 1004=a.c:2"], module.Functions());
        Assert.Equal(MalformedReason.CountOverLimit, module.Faults!.First[0].Fault.Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(0xffff)]
    public void A_record_of_an_impossible_length_ends_the_symbols_of_its_module(int length)
    {
        var module = new ModuleText()
            .Module(new CodeViewSymbols().Procedure("f", 0, 4).End().Raw((byte)length, (byte)(length >> 8), 1, 2).Procedure("lost", 4, 4).End())
            .Module(new CodeViewSymbols().Procedure("g", 8, 4).End(), name: "b.obj");

        Assert.Equal(["f 1000-1004", "g 1008-100c"], module.Functions());
        var fault = Assert.Single(module.Faults!.First);
        Assert.Equal("symbol record", fault.What);
    }

    [Fact]
    public void Blocks_of_impossible_sizes_lose_their_subsection_alone()
    {
        var module = new ModuleText();
        var lines = new CodeViewLines();
        uint file = lines.File(module.Pdb.Name("a.c"));
        foreach (var (count, length) in new (uint, uint)[] { (2, 20), (uint.MaxValue, 20), (1, 11), (0, 0), (1, uint.MaxValue) })
        {
            lines.Subsection(
                0xf2,
                new ByteBuilder().U32(0).U16(1).U16(0).U32(0x10).U32(file).U32(count).U32(length).U32(0).U32(99).ToArray());
        }

        lines.Subsection(0xf2, [1, 2, 3]).Subsection(0xf6, [9]).Lines(0, 0x10, file, (0, 1));
        module.Module(new CodeViewSymbols().Procedure("f", 0, 0x10).End(), lines);

        Assert.Equal(["f 1000-1010 | 1000=a.c:1"], module.Functions());
        Assert.Equal(7, module.Faults!.Total);
    }

    [Fact]
    public void Damaged_modules_are_contained()
    {
        var sound = Rich();
        byte[] symbols = sound.Symbols.ToArray();
        byte[] lines = sound.Lines.ToArray();
        Mutator.Run(
            Mutator.Mutations(symbols, headerBytes: symbols.Length, random: 600, keep: 0),
            damaged => ReadAll(damaged, lines));
        Mutator.Run(
            Mutator.Mutations(lines, headerBytes: lines.Length, random: 600, seed: 2, keep: 0),
            damaged => ReadAll(symbols, damaged));
    }

    [Fact]
    public void A_module_in_scattered_small_blocks_reads_the_same()
    {
        var (symbols, lines) = Rich();
        string[] expected = Open(4096, symbols.ToArray(), lines.ToArray()).Functions();
        var scattered = Open(512, symbols.ToArray(), lines.ToArray());
        scattered.Pdb.Scatter = true;

        Assert.Equal(6, expected.Length);
        Assert.Equal(expected, scattered.Functions());
    }

    private static (CodeViewSymbols Symbols, CodeViewLines Lines) Rich()
    {
        var lines = new CodeViewLines();
        uint a = lines.File(1, 1, 2, 3, 4);
        uint b = lines.File(5);
        lines.Lines(0, 0x40, 1, hasColumns: true, (a, [(0, 1), (8, 2), (0x20, 3)]), (b, [(0x10, 9)]))
            .Lines(0x100, 0x20, a, (0, 4), (8, 0xfeefee)).Lines(0x200, 0x20, b, (0, 5))
            .Inlinees((0x1000, a, 10), (0x1001, b, 20));
        var symbols = new CodeViewSymbols().Compile3(1)
            .Procedure("f", 0, 0x40)
            .Block(0, 0x30)
            .InlineSite(0x1000, new BinaryAnnotationsBuilder().Code(4).CodeAndLine(8, 1).Length(8).File(b).LengthAndCode(4, 12))
            .InlineSite(0x1001, new BinaryAnnotationsBuilder().LengthAndCode(4, 8).Chunk(1).Code(4)).InlineSiteEnd()
            .InlineSiteEnd().End().End()
            .SeparatedCode(0x100, 0x20, 0).End()
            .Thunk("t", 0x180, 6).End()
            .Procedure("same", 0, 0x40).End()
            .Procedure("short", 0x300, 4).End();
        return (symbols, lines);
    }

    private static ModuleText Open(int blockSize, byte[] symbols, byte[] lines)
    {
        var module = new ModuleText(blockSize).Inlinees("one", "two");
        module.Pdb.Name("a.c");
        module.Pdb.Name("b.h");
        module.Pdb.Module("* Linker *", new CodeViewSymbols().Trampoline(0x400, 5, 0).ToArray());
        module.Pdb.Module("a.obj", symbols, lines);
        return module;
    }

    private static void ReadAll(byte[] symbols, byte[] lines) => Open(4096, symbols, lines).Functions();

    private static string[] Guarded(ModuleText module)
    {
        byte[] bytes = module.Pdb.Build();
        var watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        string[] functions = module.Functions(bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Mutator.AllowedBytes);
        Assert.True(watch.Elapsed < HangGuard);
        return functions;
    }

    private static (ModuleText Module, CodeViewLines Lines, uint File) Begin()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText().Inlinees("inner");
        return (module, lines, lines.File(module.Pdb.Name("a.c")));
    }
}
