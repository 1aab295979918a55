using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Dwarf;

/// <summary>Rows, sequences and files of line programs, and how they are cut to functions.</summary>
public sealed class LineProgramTests
{
    private const int CompileUnit = 0x11;
    private const int Subprogram = 0x2e;
    private const int StmtList = 0x10;
    private const int SecOffset = 0x17;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Special_and_standard_opcodes_make_rows(int version)
    {
        var builder = new DwarfBuilder(version);
        builder.LineProgram(l =>
        {
            builder.SetAddress(l, 0x2000).U8(3).Sleb(9).U8(1); // line 10
            l.U8(13 + (2 * 14) + 5 + 3); // 2 bytes on, 3 lines on
            l.U8(8); // const_add_pc: (255 - 13) / 14 = 17
            l.U8(9).U16(0x100); // fixed_advance_pc
            l.U8(4).Uleb(version >= 5 ? 1u : 2u).U8(5).Uleb(3).U8(6).U8(7).U8(10).U8(11).U8(12).Uleb(1);
            DwarfBuilder.EndSequence(DwarfBuilder.Row(l, 3, -13), 4); // below line 1: wraps to 0
        }, opcodeBase: 13);

        var model = Read(builder, version, 0x2000, 0x118);

        Assert.Equal(
            ["2000 " + (version >= 5 ? "b.c" : "a.c") + ":10", "2002 " + (version >= 5 ? "b.c" : "a.c") + ":13", "2116 b.c:0"],
            Rows(model, model.Functions[0]));
    }

    [Fact]
    public void Opcode_base_10_makes_later_opcodes_special()
    {
        var builder = new DwarfBuilder(2);
        builder.LineProgram(l => DwarfBuilder.EndSequence(
            builder.SetAddress(l, 0x2000).U8(10).U8(10 + 14 + 5), 4), opcodeBase: 10); // -5 lines, then 1 byte on

        Assert.Equal(["2000 a.c:4294967292", "2001 a.c:4294967292"], Rows(Read(builder, 2, 0x2000, 4)));
    }

    [Fact]
    public void Unknown_standard_and_extended_opcodes_are_passed_over()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => DwarfBuilder.EndSequence(
            builder.SetAddress(l, 0x2000).U8(14).Uleb(1000).Uleb(7).U8(0).U8(5).U8(0x83).U32(1).U8(0).U8(2).U8(4).Uleb(9).U8(0).Uleb(0).U8(1), 4),
            opcodeBase: 16);

        Assert.Equal(["2000 a.c:1"], Rows(Read(builder, 4, 0x2000, 4)));
    }

    [Fact]
    public void Instructions_have_several_operations_on_vliw_machines()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l =>
        {
            builder.SetAddress(l, 0x2000);
            DwarfBuilder.Row(l, 2, 1); // operation 2 of the first instruction
            DwarfBuilder.Row(l, 2, 1); // operation 1 of the second one
            DwarfBuilder.EndSequence(DwarfBuilder.Row(l, 5, 1), 3); // operation 0 of the fourth one
        }, operations: 3, minimumLength: 16);

        Assert.Equal(["2000 a.c:2", "2010 a.c:3", "2030 a.c:4"], Rows(Read(builder, 4, 0x2000, 0x40)));
    }

    [Theory]
    [InlineData(2, 0x20)]
    [InlineData(4, 0x2000)]
    [InlineData(8, 0x2000)]
    public void The_length_of_set_address_is_its_own(int size, ulong address)
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => DwarfBuilder.EndSequence(
            l.U8(0).Uleb((ulong)size + 1).U8(2).Unsigned(address, size).U8(1), 4));

        Assert.Equal([$"{address:x} a.c:1"], Rows(Read(builder, 4, address, 4)));
    }

    [Fact]
    public void Files_may_be_defined_by_the_program()
    {
        var builder = new DwarfBuilder(3);
        builder.LineProgram(l => DwarfBuilder.EndSequence(
            builder.SetAddress(l, 0x2000).U8(0).U8(10).U8(3).CString("new.c").Uleb(0).Uleb(0).U8(0x0).U8(4).Uleb(3).U8(1), 4));
        byte[] line = builder.Line.ToArray();
        Assert.Equal(3, line[line.AsSpan().IndexOf("new.c"u8) - 1]);

        Assert.Equal(["2000 new.c:1"], Rows(Read(builder, 3, 0x2000, 4)));
    }

    [Fact]
    public void The_last_row_of_an_address_holds()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => DwarfBuilder.EndSequence(
            DwarfBuilder.Row(DwarfBuilder.Row(builder.SetAddress(l, 0x2000).U8(1), 0, 4), 0, 5), 4));

        Assert.Equal(["2000 a.c:10"], Rows(Read(builder, 4, 0x2000, 4)));
    }

    [Fact]
    public void Rows_at_the_end_of_a_sequence_have_no_bytes()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => DwarfBuilder.EndSequence(
            DwarfBuilder.Row(builder.SetAddress(l, 0x2000).U8(1), 4, 4), 0));

        Assert.Equal(["2000 a.c:1", "2004 :0"], Rows(Read(builder, 4, 0x2000, 8)));
    }

    [Fact]
    public void A_falling_address_begins_another_sequence()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l =>
        {
            builder.SetAddress(l, 0x2010).U8(1);
            DwarfBuilder.EndSequence(DwarfBuilder.Row(builder.SetAddress(l, 0x2000), 0, 7), 8);
        });

        Assert.Equal(["2000 a.c:8", "2008 :0", "2010 a.c:1", "2011 :0"], Rows(Read(builder, 4, 0x2000, 0x20)));
    }

    [Fact]
    public void Without_an_end_the_last_row_has_one_byte()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => builder.SetAddress(l, 0x2000).U8(1));

        Assert.Equal(["2000 a.c:1", "2001 :0"], Rows(Read(builder, 4, 0x2000, 8)));
    }

    [Fact]
    public void Sequences_come_in_any_order_and_the_first_keeps_an_overlap()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l =>
        {
            DwarfBuilder.EndSequence(DwarfBuilder.Row(builder.SetAddress(l, 0x2004), 0, 20), 0xc);
            DwarfBuilder.EndSequence(DwarfBuilder.Row(builder.SetAddress(l, 0x2000), 0, 10), 0x8);
        });

        Assert.Equal(["2000 a.c:11", "2008 a.c:21"], Rows(Read(builder, 4, 0x2000, 0x10)));
    }

    [Theory]
    [InlineData(0x0UL)]
    [InlineData(0x1UL)]
    [InlineData(0xffffffffffffffffUL)]
    [InlineData(0xfffffffffffffffeUL)]
    public void Sequences_of_discarded_code_are_dropped(ulong tombstone)
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l =>
        {
            DwarfBuilder.EndSequence(DwarfBuilder.Row(builder.SetAddress(l, tombstone).U8(1), 0x1fff, 4), 0x10);
            DwarfBuilder.EndSequence(builder.SetAddress(l, 0x2000).U8(1), 4);
        });

        Assert.Equal(["2000 a.c:1"], Rows(Read(builder, 4, 0x2000, 4)));
    }

    [Fact]
    public void The_row_in_effect_at_the_start_of_a_function_counts()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => DwarfBuilder.EndSequence(
            DwarfBuilder.Row(DwarfBuilder.Row(builder.SetAddress(l, 0x1ff0).U8(1), 8, 1), 0x10, 1), 0x100));

        Assert.Equal(["2000 a.c:2", "2008 a.c:3"], Rows(Read(builder, 4, 0x2000, 0x10)));
    }

    [Fact]
    public void Rows_outside_of_functions_come_without_a_name()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l =>
        {
            builder.SetAddress(l, 0x1ff8).U8(1);
            DwarfBuilder.Row(l, 8, 1); // 0x2000, the function's
            DwarfBuilder.Row(l, 8, 1); // 0x2008, reaches over its end
            DwarfBuilder.Row(l, 0x18, 1); // 0x2020
            DwarfBuilder.EndSequence(DwarfBuilder.Row(l, 4, 1), 4);
        });

        var model = Read(builder, 4, 0x2000, 0x10);

        Assert.Equal(["f", "", ""], model.Functions.Select(f => f.Name));
        Assert.Equal(new AddressRange(0x1ff8, 0x2000), model.Functions[1].Ranges.Single());
        Assert.Equal(new AddressRange(0x2020, 0x2028), model.Functions[2].Ranges.Single());
        Assert.Equal(["2020 a.c:4", "2024 a.c:5"], Rows(model, model.Functions[2]));
        Assert.Empty(model.Lookup(0x2010)); // padding
    }

    [Fact]
    public void A_function_without_rows_stays()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(_ => { });

        Assert.Empty(Read(builder, 4, 0x2000, 8)["f"].Lines);
    }

    [Fact]
    public void Line_range_zero_ends_the_program_alone()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => builder.SetAddress(l, 0x2000).U8(1).U8(200), lineRange: 0);

        var model = Read(builder, 4, 0x2000, 8, out var faults);

        Assert.Equal(["2000 a.c:1", "2001 :0"], Rows(model));
        Assert.Equal(MalformedReason.BadValue, faults.First.Single().Fault.Reason);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(1, 1)]
    public void Rows_end_at_the_limit(int limit, int expected)
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => DwarfBuilder.EndSequence(DwarfBuilder.Row(builder.SetAddress(l, 0x2000).U8(1), 4, 1), 4));

        Read(builder, 4, 0x2000, 8, out var faults, new ParseLimits { LineRows = limit });

        Assert.Equal(expected, faults.First.Count(f => f.Fault.Reason == MalformedReason.CountOverLimit));
    }

    [Theory]
    [InlineData(4, 2, 0)]
    [InlineData(4, 1, 1)]
    [InlineData(5, 2, 0)]
    [InlineData(5, 1, 1)]
    public void Files_end_at_the_limit(int version, int limit, int expected)
    {
        var builder = new DwarfBuilder(version);
        builder.LineProgram(_ => { });

        Read(builder, version, 0x2000, 8, out var faults, new ParseLimits { LineFiles = limit });

        Assert.Equal(expected, faults.First.Count(f => f.Fault.Reason == MalformedReason.CountOverLimit));
    }

    [Fact]
    public void Files_without_bytes_are_refused()
    {
        var builder = new DwarfBuilder(5);
        builder.Line.WithLength(4, l => l.U16(5).U8(8).U8(0).WithLength(4, h => h
            .U8(1).U8(1).U8(1).S8(-5).U8(14).U8(1).U8(0).Uleb(0).U8(1).Uleb(1).Uleb(0x19).Uleb(0xffff_ffff)));

        Read(builder, 5, 0x2000, 8, out var faults);

        Assert.Equal(MalformedReason.BadValue, faults.First.Single().Fault.Reason);
    }

    [Fact]
    public void Version_5_headers_describe_their_fields()
    {
        var builder = new DwarfBuilder(5);
        builder.LineStr.CString("/comp").CString("sub");
        builder.Str.CString("m.c").CString("p.c");
        builder.Line.WithLength(4, l =>
        {
            l.U16(5).U8(8).U8(0).WithLength(4, h => h
                .U8(1).U8(1).U8(1).S8(-5).U8(14).U8(1)
                .U8(1).Uleb(1).Uleb(0x1f).Uleb(2).U32(0).U32(6)
                .U8(5).Uleb(1).Uleb(0x0e).Uleb(2).Uleb(0x0f).Uleb(5).Uleb(0x1e).Uleb(0x2001).Uleb(0x08).Uleb(3).Uleb(0x09)
                .Uleb(2)
                .U32(4).Uleb(0).U64(1).U64(2).CString("").Uleb(0)
                .U32(0).Uleb(1).U64(3).U64(4).CString("int x;").Uleb(3).Zeros(3));
            builder.SetAddress(l, 0x2000).U8(1 + 5); // without standard opcodes all are special
            builder.SetAddress(l, 0x2010).U8(0).U8(1).U8(1);
        });

        var model = Read(builder, 5, 0x2000, 8);

        Assert.Equal(("/comp", "sub", "m.c"), model.Parts(model["f"].Lines.Single().File));
    }

    [Fact]
    public void Parts_of_paths_are_kept_as_stored()
    {
        var builder = new DwarfBuilder(4);
        builder.LineProgram(l => DwarfBuilder.EndSequence(builder.SetAddress(l, 0x2000).U8(1), 4), directory: "../sub", files: ["x/../a.c"]);

        var model = Read(builder, 4, 0x2000, 4);

        Assert.Equal(("/comp", "../sub", "x/../a.c"), model.Parts(model["f"].Lines[0].File));
        Assert.Equal("/sub/a.c", model.Path(model["f"].Lines[0].File));
    }

    [Theory]
    [InlineData("/comp", "")]
    [InlineData("/other", "/other")]
    public void Directory_0_of_version_5_is_kept_where_it_differs_from_the_unit(string directory, string expected)
    {
        var builder = new DwarfBuilder(5);
        builder.LineProgram(
            l => DwarfBuilder.EndSequence(builder.SetAddress(l, 0x2000).U8(1), 4), directory, files: ["a.c", "a.c"]);

        var model = Read(builder, 5, 0x2000, 4);

        Assert.Equal(("/comp", expected, "a.c"), model.Parts(model["f"].Lines[0].File));
    }

    private static FunctionModel Read(DwarfBuilder builder, int version, ulong start, uint size) =>
        Read(builder, version, start, size, out _);

    private static FunctionModel Read(
        DwarfBuilder builder, int version, ulong start, uint size, out FaultLog faults, ParseLimits? limits = null)
    {
        builder.Abbrev(1, CompileUnit, true, StmtList, version < 4 ? 0x06 : SecOffset, 0x1b, 0x08);
        builder.Abbrev(2, Subprogram, false, 0x03, 0x08, 0x11, 0x01, 0x12, version < 4 ? 0x01 : 0x07);
        builder.Abbrevs.U8(0);
        ulong end = version < 4 ? start + size : size;
        builder.Unit(u => u.U8(1).U32(0).CString("/comp").U8(2).CString("f").U64(start).U64(end).U8(0));
        var log = faults = new FaultLog();
        return new FunctionModel(names => new DwarfDebugSession(
            builder.Sections(), names, limits ?? ParseLimits.Default, log));
    }

    private static string[] Rows(FunctionModel model) => Rows(model, model["f"]);

    private static string[] Rows(FunctionModel model, FunctionModel.Function function) =>
        [.. function.Lines.Select(l => $"{l.Address:x} {Path.GetFileName(model.Path(l.File))}:{l.Line}")];
}
