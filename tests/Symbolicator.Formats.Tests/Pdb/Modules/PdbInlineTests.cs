using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb.Modules;

/// <summary>Inlined calls: pieces, nesting, lines of calls. Expected values are worked out by hand from the records.</summary>
public sealed class PdbInlineTests
{
    [Theory]
    [InlineData(0x114d)]
    [InlineData(0x115d)]
    public void A_call_is_on_the_line_that_the_code_around_it_has(int kind)
    {
        var (module, lines, file) = Begin("inner");
        lines.Lines(0, 0x20, file, (0, 5), (8, 6), (0x10, 7)).Inlinees((0x1000, file, 100));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x20)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().Code(8).CodeAndLine(4, 2).Length(4), kind).InlineSiteEnd().End(),
            lines);

        Assert.Equal(
            ["f 1000-1020 | 1000=a.c:5 1008=a.c:100 100c=a.c:102 1010=a.c:7 | 0 inner 1008-1010 @a.c:6"], module.Functions());
    }

    [Fact]
    public void Code_between_pieces_is_that_of_the_code_around()
    {
        var (module, lines, file) = Begin("inner");
        lines.Lines(0, 0x40, file, (0, 5)).Inlinees((0x1000, file, 10));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 8).Line(-3).LengthAndCode(4, 0x10)).InlineSiteEnd().End(),
            lines);

        Assert.Equal(
            ["f 1000-1040 | 1000=a.c:5 1008=a.c:10 100c=a.c:5 1018=a.c:7 101c=a.c:5 | 0 inner 1008-100c,1018-101c @a.c:5"],
            module.Functions());
    }

    [Fact]
    public void Two_calls_on_one_line_stay_two_and_parts_on_two_lines_are_one_call()
    {
        var (module, lines, file) = Begin("inner");
        lines.Lines(0, 0x40, file, (0, 5), (0x20, 6)).Inlinees((0x1000, file, 10));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 0).LengthAndCode(4, 0x20)).InlineSiteEnd()
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 8)).InlineSiteEnd().End(),
            lines);

        Assert.Equal(
            ["f 1000-1040 | 1000=a.c:10 1004=a.c:5 1008=a.c:10 100c=a.c:5 1020=a.c:10 1024=a.c:6"
                + " | 0 inner 1000-1004 @a.c:5 | 0 inner 1020-1024 @a.c:6 | 0 inner 1008-100c @a.c:5"],
            module.Functions());
    }

    [Fact]
    public void Nested_calls_are_cut_to_the_call_around_them_which_gives_their_line()
    {
        var (module, lines, file) = Begin("outer", "inner");
        lines.Lines(0, 0x40, file, (0, 5)).Inlinees((0x1001, file, 20), (0x1000, file, 10));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40).Block(0, 0x40)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().Code(8).CodeAndLine(8, 1).Length(8))
                .InlineSite(0x1001, new BinaryAnnotationsBuilder().LengthAndCode(0x18, 4)).InlineSiteEnd()
                .InlineSiteEnd().End().End(),
            lines);

        // The inner call begins before the outer one and ends in its second piece: two lines of the call.
        Assert.Equal(
            ["f 1000-1040 | 1000=a.c:5 1008=a.c:20 1018=a.c:5"
                + " | 0 outer 1008-1018 @a.c:5 | 1 inner 1008-1010 @a.c:10 | 1 inner 1010-1018 @a.c:11"],
            module.Functions());
    }

    [Fact]
    public void An_end_that_is_not_recorded_is_that_of_the_code_around()
    {
        var (module, lines, file) = Begin("outer", "inner");
        lines.Lines(0, 0x40, file, (0, 5)).Inlinees((0x1000, file, 10), (0x1001, file, 20));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(8, 8).LengthAndCode(8, 8).LengthAndCode(8, 0x10))
                .InlineSite(0x1001, new BinaryAnnotationsBuilder().Code(0xc)).InlineSiteEnd().InlineSiteEnd()
                .InlineSite(0x1001, new BinaryAnnotationsBuilder().Code(0x38)).InlineSiteEnd().End(),
            lines);

        Assert.Equal(
            ["f 1000-1040 | 1000=a.c:5 1008=a.c:10 100c=a.c:20 1018=a.c:5 1020=a.c:10 1028=a.c:5 1038=a.c:20"
                + " | 0 outer 1008-1018,1020-1028 @a.c:5 | 1 inner 100c-1018 @a.c:10 | 0 inner 1038-1040 @a.c:5"],
            module.Functions());
    }

    [Fact]
    public void A_call_without_inlinee_lines_leaves_its_code_and_calls_to_the_code_around()
    {
        var (module, lines, file) = Begin("unknown", "inner");
        lines.Lines(0, 0x40, file, (0, 5)).Inlinees((0x1001, file, 20));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(0x10, 0))
                .InlineSite(0x1001, new BinaryAnnotationsBuilder().LengthAndCode(4, 4)).InlineSiteEnd().InlineSiteEnd().End(),
            lines);

        Assert.Equal(["f 1000-1040 | 1000=a.c:5 1004=a.c:20 1008=a.c:5 | 0 inner 1004-1008 @a.c:5"], module.Functions());
    }

    [Fact]
    public void A_call_with_a_file_that_does_not_exist_is_left_out_alone()
    {
        var (module, lines, file) = Begin("inner");
        uint header = lines.File(module.Pdb.Name("b.h"));
        lines.Lines(0, 0x40, file, (0, 5)).Inlinees((0x1000, file, 10));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 0).File(header + 1).LengthAndCode(4, 4)).InlineSiteEnd()
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 8).File(header).LengthAndCode(4, 4)).InlineSiteEnd().End(),
            lines);

        Assert.Equal(
            ["f 1000-1040 | 1000=a.c:5 1008=a.c:10 100c=b.h:10 1010=a.c:5 | 0 inner 1008-1010 @a.c:5"], module.Functions());
    }

    [Fact]
    public void The_table_of_inlined_functions_is_not_sorted_and_may_list_more_files()
    {
        var (module, lines, file) = Begin("one", "two", "three");
        lines.Lines(0, 0x40, file, (0, 5))
            .InlineesWithExtraFiles((0x1002, file, 30, [file, file]), (0x1000, file, 10, []))
            .Inlinees((0x1001, file, 20), (0x1000, file, 99));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 0)).InlineSiteEnd()
                .InlineSite(0x1001, new BinaryAnnotationsBuilder().LengthAndCode(4, 4)).InlineSiteEnd()
                .InlineSite(0x1002, new BinaryAnnotationsBuilder().LengthAndCode(4, 8)).InlineSiteEnd().End(),
            lines);

        Assert.Equal(
            ["f 1000-1040 | 1000=a.c:10 1004=a.c:20 1008=a.c:30 100c=a.c:5"
                + " | 0 one 1000-1004 @a.c:5 | 0 two 1004-1008 @a.c:5 | 0 three 1008-100c @a.c:5"],
            module.Functions());
    }

    [Fact]
    public void Calls_outside_of_a_procedure_are_skipped()
    {
        var (module, lines, file) = Begin("inner");
        lines.Lines(0, 0x40, file, (0, 5)).Inlinees((0x1000, file, 10));
        var site = new BinaryAnnotationsBuilder().LengthAndCode(4, 0);
        module.Module(
            new CodeViewSymbols().InlineSite(0x1000, site).InlineSiteEnd()
                .Procedure("f", 0, 0x40).Procedure("nested", 0x10, 8).End().InlineSite(0x1000, site).InlineSiteEnd().End()
                .InlineSite(0x1000, site).InlineSiteEnd(),
            lines);

        Assert.Equal(["f 1000-1040 | 1000=a.c:5", "nested 1010-1018 | 1010=a.c:5"], module.Functions());
    }

    [Fact]
    public void A_missing_end_of_a_call_is_made_up_by_the_end_of_the_block_around_it()
    {
        var (module, lines, file) = Begin("inner");
        lines.Inlinees((0x1000, file, 10));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40).Block(0, 8)
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 0)).End()
                .InlineSiteEnd()
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 0x10)).InlineSiteEnd().End(),
            lines);

        Assert.Equal(
            ["f 1000-1040 | 1000=a.c:10 1004=0 1010=a.c:10 1014=0 | 0 inner 1000-1004 @0 | 0 inner 1010-1014 @0"], module.Functions());
    }

    [Fact]
    public void All_operations_and_widths_of_annotations_are_decoded()
    {
        var (module, lines, file) = Begin("inner");
        lines.Inlinees((0x1000, file, 1000));
        var site = new BinaryAnnotationsBuilder()
            .Code(0x100).Op(7).Number(3).Op(8).Number(0).Op(9).Number(5).Op(10).Signed(-2).Op(13).Number(9)
            .Line(-500).Code(0x2000).Length(0x10).At(0x4000).Line(0x1fff).CodeAndLine(15, -7).Length(1).Raw(0, 0, 0);
        module.Module(new CodeViewSymbols().Procedure("f", 0, 0x8000).InlineSite(0x1000, site).InlineSiteEnd().End(), lines);

        Assert.Equal(
            ["f 1000-9000 | 1000=0 1100=a.c:1000 3100=a.c:500 3110=0 500f=a.c:8684 5010=0 | 0 inner 1100-3110,500f-5010 @0"],
            module.Functions());
    }

    [Theory]
    [InlineData(new byte[] { 7, 1, 12, 0x80, 4 })] // the second operand is missing
    [InlineData(new byte[] { 7, 1, 0x80, 3, 0x80 })] // the operand is cut
    [InlineData(new byte[] { 3, 0xe0, 0, 0, 0 })] // no such width
    [InlineData(new byte[] { 14, 1 })] // no such operation
    [InlineData(new byte[] { 0x81, 0x03, 1 })] // operation 259
    public void Damaged_annotations_lose_their_call(byte[] damage)
    {
        var (module, lines, file) = Begin("inner");
        lines.Inlinees((0x1000, file, 10));
        module.Module(
            new CodeViewSymbols().Procedure("f", 0, 0x40)
                .Raw(PdbBuilder.Record(0x114d, [.. new byte[8], 0, 0x10, 0, 0, 12, 4, 4, .. damage]))
                .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 8)).InlineSiteEnd().InlineSiteEnd().End(),
            lines);

        // Zeros end a program, also those that pad a record: programs that are cut must fill theirs.
        Assert.Contains("| 0 inner 1008-100c @0", Assert.Single(module.Functions()), StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_deeper_than_the_limit_are_dropped()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText { Limits = ParseLimits.Default with { InlineDepth = 2 } }.Inlinees("inner");
        uint file = lines.File(module.Pdb.Name("a.c"));
        lines.Inlinees((0x1000, file, 10));
        var symbols = new CodeViewSymbols().Procedure("f", 0, 0x40);
        for (int i = 0; i < 4; i++)
        {
            symbols.InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 0));
        }

        for (int i = 0; i < 4; i++)
        {
            symbols.InlineSiteEnd();
        }

        module.Module(symbols.End(), lines);
        Assert.Equal(
            ["f 1000-1040 | 1000=a.c:10 1004=0 | 0 inner 1000-1004 @0 | 1 inner 1000-1004 @a.c:10"], module.Functions());
    }

    private static (ModuleText Module, CodeViewLines Lines, uint File) Begin(params string[] inlinees)
    {
        var lines = new CodeViewLines();
        var module = new ModuleText().Inlinees(inlinees);
        return (module, lines, lines.File(module.Pdb.Name("a.c")));
    }
}
