using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Dwarf;

/// <summary>Names, ranges, nesting and languages of functions. Numbers are those of the DWARF specification.</summary>
public sealed class DwarfFunctionTests
{
    private const int CompileUnit = 0x11;
    private const int PartialUnit = 0x3c;
    private const int InlinedSubroutine = 0x1d;
    private const int Subprogram = 0x2e;
    private const int LexicalBlock = 0x0b;
    private const int Name = 0x03;
    private const int LowPc = 0x11;
    private const int HighPc = 0x12;
    private const int Language = 0x13;
    private const int AbstractOrigin = 0x31;
    private const int Specification = 0x47;
    private const int Ranges = 0x55;
    private const int CallFile = 0x58;
    private const int CallLine = 0x59;
    private const int LinkageName = 0x6e;
    private const int Addr = 0x01;
    private const int Data1 = 0x0b;
    private const int Data4 = 0x06;
    private const int String = 0x08;
    private const int Udata = 0x0f;
    private const int RefAddr = 0x10;
    private const int Ref4 = 0x13;
    private const int SecOffset = 0x17;
    private const int Sdata = 0x0d;

    private static readonly AddressRange Code = new(0x1000, 0x9000);

    /// <summary>1 unit, 2 function, 3 inlined call, 4 block, 5 function that refers, 6 abstract function.</summary>
    private static DwarfBuilder Standard(int version = 4, int addressSize = 8, bool is64 = false, bool bigEndian = false) =>
        new DwarfBuilder(version, addressSize, is64, bigEndian)
            .Abbrev(1, CompileUnit, true, Language, Data1)
            .Abbrev(2, Subprogram, true, Name, String, LowPc, Addr, HighPc, Data4)
            .Abbrev(3, InlinedSubroutine, true, Name, String, LowPc, Addr, HighPc, Data4, CallLine, Udata)
            .Abbrev(4, LexicalBlock, true)
            .Abbrev(5, Subprogram, false, AbstractOrigin, Ref4, LowPc, Addr, HighPc, Data4)
            .Abbrev(6, Subprogram, false, LinkageName, String)
            .Abbrev(7, 0x4109, true, 0x2111, 0x18); // a vendor's tag with an expression

    [Theory]
    [InlineData(4, 8, false, false)]
    [InlineData(4, 4, false, true)]
    [InlineData(4, 8, true, true)]
    [InlineData(5, 4, false, false)]
    [InlineData(5, 8, true, false)]
    public void Functions_come_with_names_ranges_and_language(int version, int addressSize, bool is64, bool bigEndian)
    {
        var builder = Standard(version, addressSize, is64, bigEndian).Unit(u =>
        {
            u.U8(1).U8(0x1c); // Rust
            Function(u, addressSize, "first", 0x2000, 0x10).U8(0);
            Function(u, addressSize, "second", 0x2010, 0x20).U8(0).U8(0);
        });

        var model = Read(builder, out var faults, imageBase: 0x1000);

        Assert.True(faults.IsEmpty);
        Assert.Equal(["first", "second"], model.Functions.Select(f => f.Name));
        Assert.Equal(new AddressRange(0x1010, 0x1030), model["second"].Ranges.Single());
        Assert.Equal(SourceLanguage.Rust, model["first"].Language);
    }

    [Fact]
    public void Inlined_calls_are_found_below_blocks_and_unknown_tags()
    {
        var model = Read(Standard().Unit(u =>
        {
            u.U8(1).U8(4);
            Function(u, 8, "outer", 0x2000, 0x100);
            u.U8(4).U8(7).Uleb(2).U8(0x30).U8(0x31); // block, vendor tag
            Inlined(u, "inner", 0x2010, 0x20, 7);
            Inlined(u, "innermost", 0x2018, 0x8, 8).U8(0).U8(0).U8(0).U8(0).U8(0).U8(0);
        }));

        Assert.Equal([(0, 7u), (1, 8u)], model["outer"].Inlines.Select(i => (i.Depth, i.CallLine)));
        Assert.Equal(["innermost||0", "inner||8", "outer||7"], model.Lookup(0x2018));
    }

    [Fact]
    public void A_function_inside_an_inlined_call_is_a_function_of_its_own()
    {
        var model = Read(Standard().Unit(u =>
        {
            u.U8(1).U8(2);
            Function(u, 8, "outer", 0x2000, 0x100);
            Inlined(u, "inner", 0x2010, 0x20, 7);
            Function(u, 8, "nested", 0x3000, 0x10);
            Inlined(u, "nested_inner", 0x3004, 4, 9).U8(0).U8(0);
            Inlined(u, "sibling", 0x2014, 4, 10).U8(0).U8(0).U8(0).U8(0);
        }));

        Assert.Equal(["inner", "sibling"], model["outer"].Inlines.Select(i => model.Text(i.Function)));
        Assert.Equal(["nested_inner"], model["nested"].Inlines.Select(i => model.Text(i.Function)));
        Assert.Equal(1, model["outer"].Inlines[1].Depth);
    }

    [Theory]
    [InlineData(0x0UL)]
    [InlineData(0x1UL)]
    [InlineData(0xffffffffffffffffUL)]
    [InlineData(0xfffffffffffffffeUL)]
    [InlineData(0x9000UL)] // behind the code
    public void Discarded_functions_are_dropped_but_not_what_is_below_them(ulong tombstone)
    {
        var model = Read(Standard().Unit(u =>
        {
            u.U8(1).U8(4);
            Function(u, 8, "dead", tombstone, 0x10);
            Inlined(u, "dead_inner", 0x2000, 4, 1).U8(0);
            Function(u, 8, "alive", 0x2000, 0x10).U8(0).U8(0).U8(0);
        }), code: Code);

        Assert.Equal(["alive"], model.Functions.Select(f => f.Name));
        Assert.Empty(model["alive"].Inlines);
    }

    [Theory]
    [InlineData(0xffffffffu)]
    [InlineData(0xfffffffeu)]
    public void Tombstones_have_the_size_of_addresses(uint tombstone)
    {
        var model = Read(Standard(addressSize: 4).Unit(u =>
        {
            u.U8(1).U8(4);
            Function(u, 4, "dead", tombstone, 0x10).U8(0);
            Function(u, 4, "alive", 0x2000, 0x10).U8(0).U8(0);
        }));

        Assert.Equal(["alive"], model.Functions.Select(f => f.Name));
    }

    [Fact]
    public void Address_zero_is_code_where_the_container_says_so()
    {
        var builder = Standard().Unit(u => Function(u.U8(1).U8(4), 8, "first", 0, 0x10).U8(0).U8(0));

        Assert.Single(new FunctionModel(names => new DwarfDebugSession(
            builder.Sections(zeroIsValid: true), names, ParseLimits.Default, new FaultLog())).Functions);
    }

    [Fact]
    public void Names_follow_origins_into_other_units_and_take_the_language_there()
    {
        int origin = 0;
        var builder = Standard();
        builder.Abbrev(8, Subprogram, false, AbstractOrigin, RefAddr, LowPc, Addr, HighPc, Data4);
        builder.Unit(u =>
        {
            u.U8(1).U8(0x1c); // Rust
            origin = u.Length;
            u.U8(6).CString("_RNv_origin").U8(0);
        });
        builder.Unit(u => u.U8(1).U8(0x0c).U8(8).U32((uint)origin).U64(0x2000).U32(8).U8(0)); // C99

        var model = Read(builder);

        Assert.Equal(SourceLanguage.Rust, model["_RNv_origin"].Language);
    }

    [Fact]
    public void The_language_of_a_partial_unit_is_not_taken()
    {
        int origin = 0;
        var builder = Standard();
        builder.Abbrev(8, Subprogram, false, AbstractOrigin, RefAddr, LowPc, Addr, HighPc, Data4);
        builder.Abbrev(9, PartialUnit, true, Language, Data1);
        builder.Unit(u =>
        {
            u.U8(9).U8(0x04); // C++
            origin = u.Length;
            u.U8(6).CString("shared").U8(0);
        });
        builder.Unit(u => u.U8(1).U8(0x0c).U8(8).U32((uint)origin).U64(0x2000).U32(8).U8(0));

        Assert.Equal(SourceLanguage.C, Read(builder)["shared"].Language);
    }

    [Fact]
    public void References_in_version_2_have_the_size_of_an_address()
    {
        int origin = 0;
        var builder = new DwarfBuilder(version: 2)
            .Abbrev(1, CompileUnit, true, Language, Data1)
            .Abbrev(6, Subprogram, false, Name, String)
            .Abbrev(8, Subprogram, false, Specification, RefAddr, LowPc, Addr, HighPc, Addr);
        builder.Unit(u =>
        {
            u.U8(1).U8(1);
            origin = u.Length;
            u.U8(6).CString("declared").U8(8).U64((ulong)origin).U64(0x2000).U64(0x2008).U8(0);
        });

        Assert.Equal(8UL, Read(builder)["declared"].Ranges.Single().Size);
    }

    [Fact]
    public void Type_units_are_found_by_signature()
    {
        var builder = Standard(version: 5);
        builder.Abbrev(8, Subprogram, false, Specification, 0x20, LowPc, Addr, HighPc, Data4);
        builder.Abbrev(9, 0x41, true);
        builder.Unit(u => u.U8(1).U8(4).U8(8).U64(0x1234567890abcdef).U64(0x2000).U32(8).U8(0));
        int start = builder.Info.Length;
        builder.Unit(u => u.U64(0x1234567890abcdef).U32(25).U8(9).U8(6).CString("in_type").U8(0), unitType: 2);
        Assert.Equal(6, builder.Info.ToArray()[start + 25]); // the entry that the header points to

        Assert.Equal(["in_type"], Read(builder).Functions.Select(f => f.Name));
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public void Chains_of_origins_end_at_the_limit(int links, bool found)
    {
        var builder = Standard();
        builder.Abbrev(8, Subprogram, false, AbstractOrigin, Ref4);
        builder.Unit(u =>
        {
            u.U8(1).U8(4);
            int at = u.Length;
            u.U8(6).CString("end");
            for (int i = 1; i < links; i++)
            {
                int next = u.Length;
                u.U8(8).U32((uint)at);
                at = next;
            }

            u.U8(5).U32((uint)at).U64(0x2000).U32(8).U8(0);
        });

        Assert.Equal(found ? "end" : "", Read(builder).Functions.Single().Name);
    }

    [Fact]
    public void Origins_that_refer_to_themselves_or_each_other_end()
    {
        var builder = Standard();
        builder.Abbrev(8, Subprogram, false, AbstractOrigin, Ref4);
        builder.Unit(u =>
        {
            u.U8(1).U8(4);
            int self = u.Length;
            u.U8(8).U32((uint)self);
            int first = u.Length;
            u.U8(8).U32((uint)first + 5).U8(8).U32((uint)first);
            u.U8(5).U32((uint)self).U64(0x2000).U32(8);
            u.U8(5).U32((uint)first).U64(0x3000).U32(8).U8(0);
        });

        Assert.Equal(["", ""], Read(builder).Functions.Select(f => f.Name));
    }

    [Fact]
    public void High_pc_is_an_address_or_a_size_of_any_constant_form()
    {
        var builder = new DwarfBuilder(version: 4)
            .Abbrev(1, CompileUnit, true)
            .Abbrev(2, Subprogram, false, LowPc, Addr, HighPc, Addr)
            .Abbrev(3, Subprogram, false, LowPc, Addr, HighPc, Udata)
            .Abbrev(4, Subprogram, false, LowPc, Addr, HighPc, Sdata)
            .Abbrev(5, Subprogram, false, LowPc, Addr, HighPc, 0x07); // data8
        builder.Unit(u => u.U8(1)
            .U8(2).U64(0x2000).U64(0x2010)
            .U8(3).U64(0x2100).Uleb(0x200)
            .U8(4).U64(0x2400).Sleb(0x30)
            .U8(4).U64(0x2500).Sleb(-1) // no size
            .U8(5).U64(0x2600).U64(0x40).U8(0));

        Assert.Equal([0x10UL, 0x200UL, 0x30UL, 0x40UL], Read(builder).Functions.Select(f => f.Ranges.Single().Size));
    }

    [Fact]
    public void Old_range_lists_select_bases_and_end_without_an_end()
    {
        var builder = new DwarfBuilder(version: 4)
            .Abbrev(1, CompileUnit, true, LowPc, Addr)
            .Abbrev(2, Subprogram, false, Name, String, Ranges, SecOffset);
        builder.Ranges.U64(0x10).U64(0x20).U64(0x20).U64(0x20).U64(ulong.MaxValue).U64(0x5000)
            .U64(8).U64(0xc).U64(0).U64(4).U64(0).U64(0)
            .U64(0x100).U64(0x110); // the second list runs into the end of the section
        builder.Unit(u => u.U8(1).U64(0x2000).U8(2).CString("split").U32(0).U8(2).CString("open").U32(96).U8(0));

        var model = Read(builder);

        Assert.Equal([new(0x2010, 0x2020), new(0x5000, 0x5004), new(0x5008, 0x500c)], model["split"].Ranges);
        Assert.Equal([new AddressRange(0x2100, 0x2110)], model["open"].Ranges);
    }

    [Fact]
    public void New_range_lists_have_eight_kinds_of_entries()
    {
        var builder = new DwarfBuilder(version: 5)
            .Abbrev(1, CompileUnit, true, Name, 0x25, LowPc, 0x1b, 0x73, SecOffset, 0x74, SecOffset, 0x72, SecOffset)
            .Abbrev(2, Subprogram, false, Name, 0x1a, Ranges, 0x23); // strx, rnglistx
        builder.Addr.U32(0).U16(5).U8(8).U8(0).U64(0x2000).U64(0x3000).U64(0x3010).U64(ulong.MaxValue);
        builder.Str.CString("unit").CString("listed");
        builder.StrOffsets.U32(0).U16(5).U16(0).U32(0).U32(5);
        builder.RngLists.U32(0).U16(5).U8(8).U8(0).U32(1).U32(4) // one list, at once behind the table
            .U8(4).Uleb(0).Uleb(4) // offset_pair from the unit's low pc
            .U8(1).Uleb(3).U8(4).Uleb(0x10).Uleb(0x20) // a base that was discarded
            .U8(1).Uleb(1).U8(4).Uleb(0x20).Uleb(0x24) // base_addressx
            .U8(5).U64(0x4000).U8(4).Uleb(0).Uleb(8) // base_address
            .U8(2).Uleb(1).Uleb(2) // startx_endx
            .U8(3).Uleb(2).Uleb(4) // startx_length, adjoining
            .U8(6).U64(0x6000).U64(0x6001) // start_end
            .U8(7).U64(0x5000).Uleb(2) // start_length
            .U8(0)
            .U8(6).U64(0x8000).U64(0x8001);
        builder.Unit(u => u.U8(1).U8(0).Uleb(0).U32(8).U32(12).U32(8).U8(2).Uleb(1).Uleb(0).U8(0));

        Assert.Equal(
            [
                new(0x2000, 0x2004), new(0x3000, 0x3014), new(0x3020, 0x3024), new(0x4000, 0x4008),
                new(0x5000, 0x5002), new(0x6000, 0x6001),
            ],
            Read(builder)["listed"].Ranges);
    }

    [Fact]
    public void A_damaged_unit_keeps_its_functions_and_the_next_units()
    {
        var builder = Standard()
            .Unit(u => Function(Function(u.U8(1).U8(4), 8, "before", 0x2000, 8).U8(0), 8, "open", 0x3000, 8).U8(99))
            .Unit(u => Function(u.U8(1).U8(4), 8, "after", 0x4000, 8).U8(0).U8(0));

        var model = Read(builder, out var faults);

        Assert.Equal(["before", "open", "after"], model.Functions.Select(f => f.Name));
        Assert.Equal(MalformedReason.UnknownForm, faults.First.Single().Fault.Reason);
    }

    [Fact]
    public void Units_of_unknown_versions_and_padding_are_passed_over()
    {
        var builder = Standard();
        builder.Info.U32(8).U16(9).Zeros(6).Zeros(8);
        builder.Unit(u => Function(u.U8(1).U8(4), 8, "after", 0x4000, 8).U8(0).U8(0));

        Assert.Equal(["after"], Read(builder, out var faults).Functions.Select(f => f.Name));
        Assert.Equal(new ParseFault(MalformedReason.BadVersion, 6), faults.First.Single().Fault);
    }

    [Theory]
    [InlineData(4, 8)]
    [InlineData(5, 6)]
    public void Abbreviation_codes_need_no_order(int first, int second)
    {
        var builder = new DwarfBuilder(version: 4)
            .Abbrev(second, CompileUnit, true)
            .Abbrev(first, Subprogram, false, Name, String, LowPc, Addr, HighPc, Data4)
            .Abbrev(first, LexicalBlock, false);
        builder.Unit(u => u.Uleb((ulong)second).Uleb((ulong)first).CString("f").U64(0x2000).U32(4).U8(0));

        Assert.Single(Read(builder).Functions);
    }

    [Fact]
    public void Values_in_supplementary_files_give_no_name()
    {
        var builder = new DwarfBuilder(version: 4)
            .Abbrev(1, CompileUnit, true, Name, 0x1f21) // GNU_strp_alt
            .Abbrev(2, Subprogram, false, Name, 0x1f21, LowPc, Addr, HighPc, Data4)
            .Abbrev(3, Subprogram, false, AbstractOrigin, 0x1f20, LowPc, Addr, HighPc, Data4); // GNU_ref_alt
        builder.Unit(u => u.U8(1).U32(1).U8(2).U32(1).U64(0x2000).U32(4).U8(3).U32(1).U64(0x3000).U32(4).U8(0));

        Assert.Equal(["", ""], Read(builder, out var faults).Functions.Select(f => f.Name));
        Assert.True(faults.IsEmpty);
    }

    [Theory]
    [InlineData(4, "")]
    [InlineData(5, "/dir/a.c")]
    public void Call_file_zero_is_a_file_since_version_5(int version, string expected)
    {
        var builder = new DwarfBuilder(version)
            .Abbrev(1, CompileUnit, true, 0x10, SecOffset)
            .Abbrev(2, Subprogram, true, Name, String, LowPc, Addr, HighPc, Data4)
            .Abbrev(3, InlinedSubroutine, false, LowPc, Addr, HighPc, Data4, CallFile, Data1)
            .LineProgram(_ => { });
        builder.Unit(u => Function(u.U8(1).U32(0), 8, "f", 0x2000, 8).U8(3).U64(0x2000).U32(4).U8(0).U8(0).U8(0));

        var model = Read(builder);

        Assert.Equal((expected, 0u), (model.Path(model["f"].Inlines[0].CallFile), model["f"].Inlines[0].CallLine));
    }

    [Theory]
    [InlineData(3, 2, 0)]
    [InlineData(2, 2, 0)]
    [InlineData(2, 3, 1)]
    public void Depth_of_inlined_calls_ends_at_the_limit(int limit, int depth, int dropped)
    {
        var builder = Standard().Unit(u =>
        {
            Function(u.U8(1).U8(4), 8, "f", 0x2000, 0x100);
            for (int i = 0; i < depth; i++)
            {
                Inlined(u, "i", 0x2000, 4, 1);
            }

            u.Zeros(depth + 2);
        });

        Assert.Equal(depth - dropped, Read(builder, new ParseLimits { InlineDepth = limit })["f"].Inlines.Length);
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(63, 1)]
    public void Depth_of_entries_ends_at_the_limit(int limit, int expected)
    {
        var builder = Standard().Unit(u => u.U8(1).U8(4).Fill(4, 63).Zeros(64));

        Read(builder, out var faults, limits: new ParseLimits { DieDepth = limit });

        Assert.Equal(expected, faults.First.Count(f => f.Fault.Reason == MalformedReason.DepthOverLimit));
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(1, 1)]
    public void Ranges_of_an_entry_end_at_the_limit(int limit, int expected)
    {
        var builder = new DwarfBuilder(version: 4)
            .Abbrev(1, CompileUnit, true)
            .Abbrev(2, Subprogram, false, Ranges, SecOffset);
        builder.Ranges.U64(0x2000).U64(0x2004).U64(0x3000).U64(0x3004);
        builder.Unit(u => u.U8(1).U8(2).U32(0).U8(0));

        var model = Read(builder, out var faults, limits: new ParseLimits { RangesPerEntry = limit });

        Assert.Equal(limit, model.Functions.Single().Ranges.Length);
        Assert.Equal(expected, faults.First.Count(f => f.Fault.Reason == MalformedReason.CountOverLimit));
    }

    [Theory]
    [InlineData(2, 2, 0)]
    [InlineData(1, 1, 1)]
    public void Ranges_of_inlined_calls_end_at_the_limit(int limit, int kept, int expected)
    {
        var builder = Standard().Unit(u =>
        {
            Function(u.U8(1).U8(4), 8, "f", 0x2000, 0x100);
            Inlined(u, "a", 0x2000, 4, 1).U8(0);
            Inlined(u, "b", 0x2010, 4, 1).Zeros(3);
        });

        var model = Read(builder, out var faults, new ParseLimits { InlineRanges = limit });

        Assert.Equal(kept, model["f"].Inlines.Length);
        Assert.Equal(expected, faults.First.Count(f => f.Fault.Reason == MalformedReason.CountOverLimit));
    }

    [Theory]
    [InlineData(7, 0)]
    [InlineData(6, 1)]
    public void Abbreviations_end_at_the_limit(int limit, int expected)
    {
        var builder = Standard().Unit(u => Function(u.U8(1).U8(4), 8, "f", 0x2000, 4).Zeros(2));

        var model = Read(builder, out var faults, new ParseLimits { Abbreviations = limit });

        Assert.Equal(["f"], model.Functions.Select(f => f.Name));
        Assert.Equal(expected, faults.First.Count(f => f.Fault.Reason == MalformedReason.CountOverLimit));
    }

    internal static ByteBuilder Function(ByteBuilder unit, int addressSize, string name, ulong start, uint size) =>
        unit.U8(2).CString(name).Unsigned(start, addressSize).U32(size);

    internal static ByteBuilder Inlined(ByteBuilder unit, string name, ulong start, uint size, uint line) =>
        unit.U8(3).CString(name).U64(start).U32(size).Uleb(line);

    private static FunctionModel Read(DwarfBuilder builder, ParseLimits? limits = null, AddressRange? code = null) =>
        Read(builder, out _, limits, code);

    private static FunctionModel Read(
        DwarfBuilder builder, out FaultLog faults, ParseLimits? limits = null, AddressRange? code = null, ulong imageBase = 0)
    {
        var log = faults = new FaultLog();
        builder.Abbrevs.U8(0);
        return new FunctionModel(names => new DwarfDebugSession(
            builder.Sections(imageBase, code), names, limits ?? ParseLimits.Default, log));
    }
}
