using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Breakpad;

public sealed class BreakpadDebugSessionTests
{
    private static BreakpadBuilder File => new BreakpadBuilder().Module();

    [Fact]
    public void Lines_are_clipped_and_gaps_are_rows_without_a_line()
    {
        using var item = SymbolFile.Open(File.File(3, "a.c").Func(0x100, 0x40, "f")
            .Row(0xf0, 0x18, 1, 3).Row(0x110, 0x10, 2, 3).Row(0x120, 0, 3, 3).Row(0x130, 0x30, 4, 3));

        Assert.Equal(["100-140 f", "  100 a.c:1", "  108 :0", "  110 a.c:2", "  120 :0", "  130 a.c:4"], SymbolFile.Functions(item));
    }

    [Fact]
    public void A_last_line_that_ends_early_is_followed_by_a_gap()
    {
        using var item = SymbolFile.Open(File.File(3, "a.c").Func(0x100, 0x40, "f").Row(0x100, 0x10, 1, 3));

        Assert.Equal(["100-140 f", "  100 a.c:1", "  110 :0"], SymbolFile.Functions(item));
    }

    [Fact]
    public void Of_overlapping_lines_the_first_by_address_holds()
    {
        using var item = SymbolFile.Open(File.File(3, "a.c").Func(0x100, 0x30, "f").Row(0x110, 0x20, 2, 3).Row(0x100, 0x18, 1, 3));

        Assert.Equal(["100-130 f", "  100 a.c:1", "  118 a.c:2"], SymbolFile.Functions(item));
    }

    [Fact]
    public void Lines_out_of_range_and_unknown_files_are_unknown()
    {
        using var item = SymbolFile.Open(File.Func(0x100, 0x40, "f")
            .Row(0x100, 0x10, -1, 0).Row(0x110, 0x10, 4_294_967_296, 0).Row(0x120, 0x10, 5, 77).Row(0x130, 0x10, 6, -1).File(0, "/x/a.c"));

        Assert.Equal(["100-140 f", "  100 /x|a.c:0", "  110 /x|a.c:0", "  120 :5", "  130 :6"], SymbolFile.Functions(item));
    }

    [Fact]
    public void Ids_are_sparse_unsorted_and_the_first_of_two_holds()
    {
        using var item = SymbolFile.Open(File.File(900_000_000, "z.c").File(1, "one.c").File(1, "again.c")
            .Func(0x100, 0x20, "f").Row(0x100, 0x10, 1, 900_000_000).Row(0x110, 0x10, 2, 1));

        Assert.Equal(["100-120 f", "  100 z.c:1", "  110 one.c:2"], SymbolFile.Functions(item));
    }

    [Theory]
    [InlineData("/a/b/c.c", "/a/b|c.c")]
    [InlineData("c:\\src\\x.cc", "c:\\src|x.cc")]
    [InlineData("c:\\src/x.cc", "c:\\src/x.cc")]
    [InlineData("c:/src/x.cc", "c:/src/x.cc")]
    [InlineData("/c.c", "/c.c")]
    [InlineData("a/c.c", "a|c.c")]
    [InlineData("c:\\x.cc", "c:\\x.cc")]
    [InlineData("/a/b//c.c", "/a/b//c.c")]
    [InlineData("with blank/b.c", "with blank|b.c")]
    public void Paths_are_split_only_where_joining_restores_them(string path, string expected)
    {
        using var item = SymbolFile.Open(File.File(0, path).Func(0x100, 0x10, "f").Row(0x100, 0x10, 1, 0));

        Assert.Equal(["100-110 f", $"  100 {expected}:1"], SymbolFile.Functions(item));
    }

    [Fact]
    public void A_function_of_size_zero_reaches_to_the_next_function_or_symbol()
    {
        using var item = SymbolFile.Open(File.Func(0x100, 0, "to next function").Func(0x200, 0, "to next symbol")
            .Public(0x210, "p").Func(0x300, 0, "to its last line").Row(0x300, 0x24, 1, 0));

        Assert.Equal(
            ["100-200 to next function", "200-210 to next symbol", "300-324 to its last line", "  300 :1"],
            SymbolFile.Functions(item));
    }

    [Fact]
    public void Of_overlapping_functions_the_first_by_address_holds_and_the_other_is_counted()
    {
        using var item = SymbolFile.Open(File.Func(0x180, 0x100, "second").Func(0x100, 0x100, "first").Func(0x200, 0x10, "third"));

        Assert.Equal(["100-200 first", "200-210 third"], SymbolFile.Functions(item));
        Assert.Equal(1, item.Faults.Total);
    }

    [Fact]
    public void Names_keep_blanks_and_the_marker_of_shared_functions_is_no_name()
    {
        using var item = SymbolFile.Open(File.Line("FUNC m 100 10 0 a b(int, char)").Line("FUNC 110 10 0").Line("FUNC 120 10 0 m"));

        Assert.Equal(["100-110 a b(int, char)", "110-120 <unknown>", "120-130 m"], SymbolFile.Functions(item));
    }

    [Fact]
    public void Each_range_of_an_inlined_call_lies_below_the_one_that_contains_it()
    {
        using var item = SymbolFile.Open(File.File(1, "a.c").Origin(7, "outer one").Func(0x100, 0x100, "f")
            .Inline(0, 10, 1, 7, (0x110, 0x20), (0x150, 0x20)).Origin(8, "inner").Inline(1, 20, 1, 8, (0x118, 8), (0x150, 4)));

        Assert.Equal(
            [
                "100-200 f",
                "  [0] 110-130 outer one at a.c:10",
                "  [1] 118-120 inner at a.c:20",
                "  [0] 150-170 outer one at a.c:10",
                "  [1] 150-154 inner at a.c:20",
            ],
            SymbolFile.Functions(item));
    }

    [Fact]
    public void A_missing_depth_and_ranges_outside_are_tolerated()
    {
        using var item = SymbolFile.Open(File.Origin(1, "in").Func(0x100, 0x40, "f")
            .Inline(0, 1, 0, 1, (0x100, 0x10)).Inline(2, 2, 0, 1, (0x120, 0x40)).Inline(0, 3, 0, 9, (0x400, 0x10)));

        Assert.Equal(["100-140 f", "  [0] 100-110 in at :1", "  [0] 120-140 in at :2"], SymbolFile.Functions(item));
    }

    [Fact]
    public void The_older_spelling_has_the_file_with_the_origin()
    {
        using var item = SymbolFile.Open(File.File(4, "a.c").Line("INLINE_ORIGIN 1 4 old name").Func(0x100, 0x40, "f")
            .Line("INLINE 0 12 1 110 10").Row(0x100, 0x40, 3, 4));

        Assert.Equal(["100-140 f", "  100 a.c:3", "  [0] 110-120 old name at :12"], SymbolFile.Functions(item));
    }

    [Fact]
    public void Bad_records_are_skipped_and_counted()
    {
        using var item = SymbolFile.Open(File.Line("rubbish").Func(0x100, 0x20, "f").Line("100 xx 1 0").Line("INLINE 0 1 0 1 100")
            .Line("").Row(0x100, 0x20, 5, 0).Line("FUNC 200 zz 0 g").Func(0x300, 0x10, "h"));

        Assert.Equal(["100-120 f", "  100 :5", "300-310 h"], SymbolFile.Functions(item));
        Assert.Equal(4, item.Faults.Total);
    }

    [Fact]
    public void Inlined_calls_are_kept_to_the_depth_limit_and_one_past_it_is_dropped()
    {
        var builder = File.Origin(0, "deep").Func(0x1000, 0x1000, "f");
        for (int depth = 0; depth < 1000; depth++)
        {
            builder.Inline(depth, depth, 0, 0, (0x1000 + (ulong)depth, 0x1000 - ((ulong)depth * 2)));
        }

        using var item = SymbolFile.Open(builder);
        string[] lines = SymbolFile.Functions(item);

        Assert.Equal(ParseLimits.Default.InlineDepth + 2, lines.Length);
        Assert.StartsWith($"  [{ParseLimits.Default.InlineDepth}] ", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_end_at_their_limits()
    {
        var builder = File.File(0, "a.c").File(1, "b.c").Func(0x100, 0x10, "f").Row(0x100, 8, 1, 0).Row(0x108, 8, 2, 1)
            .Func(0x200, 0x10, "g").Func(0x300, 0x10, "h");

        using var item = SymbolFile.Open(builder, new ParseLimits { LineFiles = 1, LineRows = 1, Symbols = 2 });

        Assert.Equal(["100-110 f", "  100 a.c:1", "  108 :0", "200-210 g"], SymbolFile.Functions(item));
        Assert.Equal(3, item.Faults.Total);
    }

    [Fact]
    public void Addresses_at_the_end_of_the_address_space_do_not_wrap()
    {
        using var item = SymbolFile.Open(File.Origin(1, "in").Func(ulong.MaxValue - 0xf, 0x100, "f")
            .Row(ulong.MaxValue - 0xf, ulong.MaxValue, 1, 0).Inline(0, 1, 0, 1, (ulong.MaxValue - 3, ulong.MaxValue)));

        Assert.Equal(
            ["fffffffffffffff0-ffffffffffffffff f", "  fffffffffffffff0 :1", "  [0] fffffffffffffffc-ffffffffffffffff in at :1"],
            SymbolFile.Functions(item));
    }
}
