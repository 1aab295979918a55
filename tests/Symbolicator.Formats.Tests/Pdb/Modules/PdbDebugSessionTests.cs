using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb.Modules;

/// <summary>Procedures and their lines. Expected values are worked out by hand from the records.</summary>
public sealed class PdbDebugSessionTests
{
    [Theory]
    [InlineData(0x110f)]
    [InlineData(0x1110)]
    [InlineData(0x1146)]
    [InlineData(0x1147)]
    [InlineData(0x1155)]
    [InlineData(0x1156)]
    [InlineData(0x100a)]
    [InlineData(0x100b)]
    public void Every_kind_of_procedure_is_a_function(int kind)
    {
        var module = new ModuleText().Module(new CodeViewSymbols().Procedure("f", 0x10, 0x20, kind: kind).End());
        Assert.Equal(["f 1010-1030"], module.Functions());
    }

    [Theory]
    [InlineData(0x1102)]
    [InlineData(0x0206)]
    public void Thunks_are_functions(int kind)
    {
        var module = new ModuleText().Module(new CodeViewSymbols().Thunk("jump", 0x40, 6, kind: kind).End());
        Assert.Equal(["jump 1040-1046"], module.Functions());
    }

    [Fact]
    public void Managed_procedures_and_records_of_no_code_are_left_out()
    {
        var symbols = new CodeViewSymbols()
            .Record(0x112a, new byte[40]).Procedure("inner", 0x10, 4).End().End() // S_GMANPROC
            .Procedure("nowhere", 0x10, 4, section: 0).End()
            .Procedure("no section", 0x10, 4, section: 9).End()
            .Procedure("empty", 0x10, 0).End()
            .Procedure("outside", 0x10000, 4).End()
            .Record(0x1110, 1, 2, 3);
        Assert.Equal(["inner 1010-1014"], new ModuleText().Module(symbols).Functions());
    }

    [Fact]
    public void Rows_hold_to_the_next_one_and_the_last_to_the_end_of_its_subsection()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        uint file = lines.File(module.Pdb.Name("a.c"), 1, 2, 3);
        lines.Lines(0x10, 0x18, file, (0, 5), (4, 6), (4, 7), (8, 7), (0xc, 8));
        module.Module(new CodeViewSymbols().Procedure("f", 0x10, 0x20).End(), lines);

        // Of rows at one address the last holds, equal neighbours are one row, what no subsection covers has no line.
        Assert.Equal(["f 1010-1030 | 1010=a.c:5 1014=a.c:7 101c=a.c:8 1028=0"], module.Functions());
    }

    [Fact]
    public void Rows_may_have_columns_and_files_may_alternate_out_of_order()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        uint a = lines.File(module.Pdb.Name("a.c"));
        uint b = lines.File(module.Pdb.Name("b.h"), 9, 9, 9, 9, 9);
        lines.Lines(0, 0x30, 1, hasColumns: true, (a, [(0, 1), (0x20, 3)]), (b, [(0x10, 2)]), (a, [(8, 9)]));
        module.Module(new CodeViewSymbols().Procedure("f", 0, 0x30).End(), lines);

        Assert.Equal(["f 1000-1030 | 1000=a.c:1 1008=a.c:9 1010=b.h:2 1020=a.c:3"], module.Functions());
    }

    [Theory]
    [InlineData(0xfeefee)]
    [InlineData(0xf00f00)]
    [InlineData(0)]
    public void Hidden_code_has_no_line(uint line)
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        uint file = lines.File(module.Pdb.Name("a.c"));
        lines.Lines(0, 0x10, file, (0, 1), (4, line), (8, 2));
        module.Module(new CodeViewSymbols().Procedure("f", 0, 0x10).End(), lines);

        Assert.Equal(["f 1000-1010 | 1000=a.c:1 1004=0 1008=a.c:2"], module.Functions());
    }

    [Fact]
    public void Lines_outside_of_the_function_are_cut_and_belong_to_code_without_a_name()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        uint file = lines.File(module.Pdb.Name("a.asm"));
        lines.Lines(0, 0x40, file, (0, 1), (8, 2), (0x10, 3), (0x20, 4), (0x38, 5));
        module.Module(new CodeViewSymbols().Procedure("f", 0xc, 0x10).End().Compile3(3), lines);

        // The row at 0x10 reaches behind the function: what follows it is padding of the function.
        Assert.Equal(
            ["f 100c-101c | 100c=a.asm:2 1010=a.asm:3", "? 1000-100c | 1000=a.asm:1 1008=a.asm:2", "? 1020-1040 | 1020=a.asm:4 1038=a.asm:5"],
            module.Functions());
    }

    [Fact]
    public void Of_folded_functions_each_has_the_first_lines()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        uint file = lines.File(module.Pdb.Name("a.c"));
        lines.Lines(0, 0x10, file, (0, 1), (8, 2)).Lines(0, 0x10, file, (0, 11), (4, 12));
        module.Module(new CodeViewSymbols().Procedure("first", 0, 0x10).End().Procedure("second", 0, 0x10).End(), lines);

        Assert.Equal(
            ["first 1000-1010 | 1000=a.c:1 1008=a.c:2", "second 1000-1010 | 1000=a.c:1 1008=a.c:2"], module.Functions());
    }

    [Fact]
    public void Of_lines_that_begin_together_the_longer_hold()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        uint file = lines.File(module.Pdb.Name("a.asm"));
        lines.Lines(0, 8, file, (0, 1), (4, 2)).Lines(0, 0x10, file, (0, 11), (4, 12));
        module.Module(new CodeViewSymbols().Procedure("f", 0, 0x10).End(), lines);

        Assert.Equal(["f 1000-1010 | 1000=a.asm:11 1004=a.asm:12"], module.Functions());
    }

    [Fact]
    public void Subsections_to_ignore_are_ignored_and_unknown_ones_skipped()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        uint file = lines.File(module.Pdb.Name("a.c"));
        byte[] other = new CodeViewLines().Lines(0, 8, file, (0, 99)).ToArray()[8..32];
        lines.Subsection(0x8000_00f2, other).Subsection(0xf5, [1, 2, 3]).Lines(0, 8, file, (0, 1));
        module.Module(new CodeViewSymbols().Procedure("f", 0, 8).End(), lines);

        Assert.Equal(["f 1000-1008 | 1000=a.c:1"], module.Functions());
    }

    [Fact]
    public void Without_names_there_are_lines_without_files()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        lines.Lines(0, 8, lines.File(module.Pdb.Name("a.c")), (0, 1));
        module.Pdb.OmitNames = true;
        module.Module(new CodeViewSymbols().Procedure("f", 0, 8).End(), lines);

        Assert.Equal(["f 1000-1008 | 1000=:1"], module.Functions());
    }

    [Fact]
    public void Separated_code_is_a_part_of_the_procedure_before_it()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText().Inlinees("inlined");
        uint file = lines.File(module.Pdb.Name("a.c"));
        lines.Lines(0, 0x10, file, (0, 1)).Lines(0x100, 0x20, file, (0, 2)).Inlinees((0x1000, file, 50));
        var symbols = new CodeViewSymbols()
            .Procedure("f", 0, 0x10)
            .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(4, 4).Chunk(1).Line(3).LengthAndCode(8, 8)).InlineSiteEnd()
            .End()
            .SeparatedCode(0x100, 0x20, parentOffset: 8)
            .InlineSite(0x1000, new BinaryAnnotationsBuilder().LengthAndCode(2, 0x1c)).InlineSiteEnd()
            .End()
            .Procedure("g", 0x40, 4).End();
        module.Module(symbols, lines);

        Assert.Equal(
            [
                "f 1000-1010,1100-1120 | 1000=a.c:1 1004=a.c:50 1008=a.c:1 1100=a.c:2 1108=a.c:53 1110=a.c:2 111c=a.c:50 111e=a.c:2"
                + " | 0 inlined 1004-1008 @a.c:1 | 0 inlined 1108-1110 @a.c:2 | 0 inlined 111c-111e @a.c:2",
                "g 1040-1044",
            ],
            module.Functions());
    }

    [Fact]
    public void Separated_code_of_another_procedure_has_lines_but_no_name()
    {
        var lines = new CodeViewLines();
        var module = new ModuleText();
        uint file = lines.File(module.Pdb.Name("a.c"));
        lines.Lines(0x100, 0x20, file, (0, 2));
        var symbols = new CodeViewSymbols().Procedure("f", 0, 0x10).End().SeparatedCode(0x100, 0x20, parentOffset: 0x80).End();
        module.Module(symbols, lines);

        Assert.Equal(["f 1000-1010", "? 1100-1120 | 1100=a.c:2"], module.Functions());
    }

    [Fact]
    public void Jumps_of_an_incremental_link_have_the_names_of_their_targets()
    {
        var module = new ModuleText()
            .Module(new CodeViewSymbols().Trampoline(0, 5, 0x100).Trampoline(5, 5, 0x200).Trampoline(10, 5, 0x100), name: "* Linker *")
            .Module(new CodeViewSymbols().Procedure("f", 0x100, 8).End().Procedure("folded", 0x100, 8).End());

        Assert.Equal(["f 1100-1108", "folded 1100-1108", "f 1000-1005", "f 100a-100f"], module.Functions());
    }

    [Theory]
    [InlineData(0x00, SourceLanguage.C)]
    [InlineData(0x01, SourceLanguage.Cpp)]
    [InlineData(0x03, SourceLanguage.Unknown)]
    [InlineData(0x0a, SourceLanguage.CSharp)]
    [InlineData(0x13, SourceLanguage.Swift)]
    [InlineData(0x15, SourceLanguage.Rust)]
    [InlineData('D', SourceLanguage.D)]
    public void The_language_is_that_of_the_module(int code, SourceLanguage language)
    {
        var module = new ModuleText().Module(new CodeViewSymbols().Compile3((byte)code).Procedure("f", 0, 4).End());
        using var file = new MemoryFileBytes(module.Pdb.Build());
        using var image = Formats.Pdb.PdbFormat.Open(file, ParseLimits.Default).Single();
        using var session = image.OpenDebugSession(new InternPool())!;
        var function = new FunctionBuffer();

        Assert.True(session.TryReadNext(function));
        Assert.Equal(language, function.Language);
    }

    [Fact]
    public void Code_moved_after_linking_is_found_where_it_is()
    {
        // Linked at 0x1000: the second half of the function was moved before the first, its last row was removed.
        var lines = new CodeViewLines();
        var pdb = new PdbBuilder();
        pdb.Section(".text", 0x1000, 0x10000);
        pdb.ImageStream(10, PdbBuilder.SectionHeader(".text", 0x1000, 0x10000));
        pdb.ImageStream(4, PdbBuilder.Omap((0x1000, 0x5000), (0x1010, 0x4000), (0x1018, 0), (0x1020, 0x6000)));
        uint file = lines.File(pdb.Name("a.c"));
        lines.Lines(0, 0x20, file, (0, 1), (0xc, 2), (0x18, 3));
        var module = new ModuleText();
        pdb.Module("a.obj", new CodeViewSymbols().Procedure("f", 0, 0x20).End().ToArray(), lines.ToArray());

        Assert.Equal(["f 4000-4008,5000-5010 | 4000=a.c:2 5000=a.c:1 500c=a.c:2"], module.Functions(pdb.Build()));
    }

    [Fact]
    public void A_stream_of_two_modules_is_read_once()
    {
        var module = new ModuleText().Module(new CodeViewSymbols().Procedure("f", 0, 4).End())
            .Module(new CodeViewSymbols().Procedure("g", 8, 4).End());
        byte[] bytes = module.Pdb.Build();
        int second = bytes.AsSpan().LastIndexOf("a.obj\0a.obj\0"u8) - 64;
        int first = bytes.AsSpan().IndexOf("a.obj\0a.obj\0"u8) - 64;
        bytes.AsSpan(first + 34, 2).CopyTo(bytes.AsSpan(second + 34));

        Assert.Equal(["f 1000-1004"], module.Functions(bytes));
        Assert.Equal(1, module.Faults!.Total);
    }
}
