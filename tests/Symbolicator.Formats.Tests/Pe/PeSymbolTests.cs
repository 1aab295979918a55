using System.Diagnostics;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pe;

public sealed class PeSymbolTests
{
    private const uint TextRva = 0x1000;
    private const uint ExportRva = 0x2000;

    [Fact]
    public void Coff_symbols_of_code_reach_to_the_next_place()
    {
        var pe = WithText();
        pe.Section(".data", 0x2000, new byte[16], PeBuilder.Data);
        pe.Symbol("first", 0x00, 1);
        pe.Symbol("a_function_with_a_long_name", 0x10, 1, auxiliary: 2);
        pe.Symbol("thunk", 0x20, 1, type: 0);
        pe.Symbol(".text", 0x30, 1, type: 0, storage: 3, auxiliary: 1); // the start of an input section
        pe.Symbol("local", 0x40, 1, storage: 3);
        pe.Symbol("label", 0x44, 1, storage: 6); // IMAGE_SYM_CLASS_LABEL
        pe.Symbol("data", 0x00, 2);
        pe.Symbol("absolute", 0x50, 0xffff);
        pe.Symbol("undef", 0x00, 0);
        pe.Symbol("outside", 0x100, 1);
        pe.Symbol("nowhere", 0x00, 9);
        using var image = PeReading.Open(pe.Build());

        Assert.Equal(
            [(0x1000, 0x10, "first"), (0x1010, 0x10, "a_function_with_a_long_name"), (0x1020, 0x10, "thunk"), (0x1040, 0xc0, "local")],
            PeReading.Symbols(image));
        Assert.Equal((ObjectFeatures.Symbols, false), (image.Features, image.IsMalformed));
    }

    [Theory]
    [InlineData(0x14c, "_main", "main")]
    [InlineData(0x14c, "__Z1fv", "_Z1fv")]
    [InlineData(0x14c, "@fast@8", "@fast@8")]
    [InlineData(0x8664, "_Z1fv", "_Z1fv")]
    public void Underscore_of_i386_is_taken_off(int machine, string stored, string name)
    {
        var pe = WithText(new PeBuilder { Machine = (ushort)machine, Is64 = machine != 0x14c }).Symbol(stored, 0, 1);

        Assert.Equal([(0x1000, 0x100, name)], PeReading.Symbols(PeReading.Open(pe.Build())));
    }

    [Fact]
    public void Exports_are_named_functions_of_this_image()
    {
        var pe = WithExports(
            WithText(),
            [0x1000, 0x1010, 0, 0x1020, 0x3000, ExportRva + 8, 0x1030],
            ("first", 0), ("forwarded", 5), ("data", 4), ("none", 2), ("last", 6), ("second", 1), ("outside", 7));
        pe.Section(".data", 0x3000, new byte[16], PeBuilder.Data);
        using var image = PeReading.Open(pe.Build());

        // 0x1020 is exported by its ordinal alone, which ends the one before.
        Assert.Equal([(0x1000, 0x10, "first"), (0x1010, 0x10, "second"), (0x1030, 0xd0, "last")], PeReading.Symbols(image));
        Assert.Equal(ObjectFeatures.Symbols, image.Features);
    }

    [Fact]
    public void Exports_that_are_symbols_too_are_given_once()
    {
        var pe = WithExports(WithText(), [0x1000, 0x1000], ("both", 0), ("alias", 1));
        pe.Symbol("both", 0, 1).Symbol("only", 0x20, 1);

        Assert.Equal([(0x1000, 0x20, "alias"), (0x1000, 0x20, "both"), (0x1020, 0xe0, "only")], PeReading.Symbols(PeReading.Open(pe.Build())));
    }

    [Fact]
    public void Symbols_end_where_the_unwind_information_has_other_functions()
    {
        var pe = WithExports(WithText(), [0x1000, 0x1080, 0x10d0], ("leaf", 0), ("parts", 1), ("last", 2));
        var unwind = new ByteBuilder();
        foreach (var (begin, end, data) in ((uint, uint, uint)[])[(0x1020, 0x1040, 0x4000), (0x1080, 0x1090, 0x4000), (0x1090, 0x10a0, 0x4004), (0x10a0, 0x10b0, 0x4000)])
        {
            unwind.U32(begin).U32(end).U32(data);
        }

        pe.Section(".pdata", 0x3000, unwind.ToArray(), PeBuilder.Data).Directory(3, 0x3000, (uint)unwind.Length);
        var info = new ByteBuilder().U8(1).Zeros(3); // nothing but a version
        info.U8(0x21).Zeros(3).U32(0x1080).U32(0x1090).U32(0x4000); // chained to the second record
        pe.Section(".xdata", 0x4000, info.ToArray(), PeBuilder.Data);

        // The third record goes on with the second, the fourth is a function of its own.
        Assert.Equal(
            [(0x1000, 0x20, "leaf"), (0x1080, 0x20, "parts"), (0x10d0, 0x30, "last")],
            PeReading.Symbols(PeReading.Open(pe.Build())));
    }

    [Fact]
    public void Symbols_at_the_limit_are_read_and_one_more_is_logged()
    {
        byte[] bytes = WithText().Symbol("a", 0, 1).Symbol("b", 0x10, 1).Build();
        using var at = PeReading.Open(bytes, new ParseLimits { Symbols = 2 });
        using var past = PeReading.Open(bytes, new ParseLimits { Symbols = 1 });

        Assert.Equal(["a", "b"], PeReading.Symbols(at).Select(s => s.Name));
        Assert.False(at.IsMalformed);
        Assert.Equal(["a"], PeReading.Symbols(past).Select(s => s.Name));
        Assert.True(past.IsMalformed);
        Assert.Equal(MalformedReason.CountOverLimit, Assert.Single(past.Faults.First).Fault.Reason);
    }

    [Fact]
    public void Exports_at_the_limit_are_read_and_one_more_is_logged()
    {
        byte[] bytes = WithExports(WithText(), [0x1000, 0x1010], ("a", 0), ("b", 1)).Build();
        using var at = PeReading.Open(bytes, new ParseLimits { Symbols = 2 });
        using var past = PeReading.Open(bytes, new ParseLimits { Symbols = 1 });

        Assert.Equal(2, PeReading.Symbols(at).Count);
        Assert.Single(PeReading.Symbols(past));
        Assert.Equal(MalformedReason.CountOverLimit, Assert.Single(past.Faults.First).Fault.Reason);
    }

    [Fact]
    public void More_symbols_than_the_file_has_are_logged()
    {
        var pe = WithText(new PeBuilder { StatedSymbols = 0xffff_ffff }).Symbol("a", 0, 1);
        using var image = PeReading.Open(pe.Build());

        Assert.Equal(["a"], PeReading.Symbols(image).Select(s => s.Name));
        Assert.True(image.IsMalformed);
    }

    [Fact]
    public void Names_that_overlap_end_at_a_budget()
    {
        // 20,000 symbols share one name of 64 KiB: 1.3 GB of names in a file of half a megabyte.
        var pe = WithText();
        pe.AddString(new string('x', 65_536));
        for (int i = 0; i < 20_000; i++)
        {
            pe.Symbol("\0\0\0\0\u0004\0\0\0", (uint)(i % 0x100), 1);
        }

        using var image = PeReading.Open(pe.Build());
        var names = new InternPool();
        var cursor = image.OpenSymbols(names);
        int count = 0;
        while (cursor.TryReadNext(out _))
        {
            count++;
        }

        Assert.InRange(count, 1, 1_000);
        Assert.Contains(image.Faults.First, fault => fault.Fault.Reason == MalformedReason.StepsOverLimit);
    }

    /// <summary>Each of the parts leads through a chain as long as one can be: 2 billion links if every symbol followed them.</summary>
    [Fact]
    public void Many_symbols_of_a_function_in_parts_end_in_time()
    {
        const uint Parts = 64, Chain = 32, Info = 0x4000;
        var pe = WithText();
        for (int i = 0; i < 1_000_000; i++)
        {
            pe.Symbol("f", (uint)(i & 1), 1);
        }

        var unwind = new ByteBuilder();
        for (uint i = 0; i < Parts; i++)
        {
            unwind.U32(TextRva + 2 + i).U32(TextRva + 3 + i).U32(Info);
        }

        var info = new ByteBuilder();
        for (uint i = 1; i <= Chain; i++)
        {
            info.U8(0x21).Zeros(3).U32(TextRva).U32(TextRva + 2).U32(Info + (i * 16));
        }

        info.U8(1).Zeros(3);
        unwind.U32(TextRva).U32(TextRva + 2).U32(Info + (Chain * 16));
        pe.Section(".pdata", 0x3000, unwind.ToArray(), PeBuilder.Data).Directory(3, 0x3000, (uint)unwind.Length);
        pe.Section(".xdata", Info, info.ToArray(), PeBuilder.Data);
        using var image = PeReading.Open(pe.Build());

        var clock = Stopwatch.StartNew();
        var cursor = image.OpenSymbols(new InternPool());
        ulong sizes = 0;
        while (cursor.TryReadNext(out var symbol))
        {
            sizes += symbol.Size;
        }

        Assert.Equal(500_000u * (1 + 65), sizes); // up to the other symbol; up to the end of the parts
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"took {clock.Elapsed}");
    }

    private static PeBuilder WithText(PeBuilder? pe = null) =>
        (pe ?? new PeBuilder()).Section(".text", TextRva, new byte[0x100], PeBuilder.Code);

    private static PeBuilder WithExports(PeBuilder pe, uint[] functions, params (string Name, int Ordinal)[] names)
    {
        uint functionsRva = ExportRva + 40;
        uint namesRva = functionsRva + (uint)(functions.Length * 4);
        uint ordinalsRva = namesRva + (uint)(names.Length * 4);
        uint textRva = ordinalsRva + (uint)(names.Length * 2);
        var directory = new ByteBuilder().U32(0).U32(0).U32(0).U32(0).U32(5);
        directory.U32((uint)functions.Length).U32((uint)names.Length).U32(functionsRva).U32(namesRva).U32(ordinalsRva);
        foreach (uint function in functions)
        {
            directory.U32(function);
        }

        foreach (var (name, _) in names)
        {
            directory.U32(textRva);
            textRva += (uint)name.Length + 1;
        }

        foreach (var (_, ordinal) in names)
        {
            directory.U16(ordinal);
        }

        foreach (var (name, _) in names)
        {
            directory.CString(name);
        }

        return pe.Section(".edata", ExportRva, directory.ToArray(), PeBuilder.Data).Directory(0, ExportRva, (uint)directory.Length);
    }
}
