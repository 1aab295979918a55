using System.Buffers.Binary;
using System.IO.Compression;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Dwarf.Frames;
using Symbolicator.Formats.Elf;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Tests.Dwarf.Frames;
using Symbolicator.Formats.Tests.Elf;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Hostile;

/// <summary>Small files in which thousands of records name the same large thing: memory and work stay in proportion to the file.</summary>
public sealed class SharedBytesTests
{
    private const ulong Compressed = 0x800;
    private const uint Note = 7;

    [Fact]
    public void Sections_that_share_compressed_bytes_keep_the_ratio_together()
    {
        byte[] content = new byte[3_000_000];
        var elf = new ElfBuilder();
        elf.Section(".debug_info", 1, Packed(elf, content), Compressed);
        elf.Section(".debug_line", 1, [0], Compressed);
        byte[] bytes = elf.Build();
        int table = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40));
        bytes.AsSpan(table + 64 + 24, 16).CopyTo(bytes.AsSpan(table + 128 + 24)); // sh_offset, sh_size
        using var file = new MemoryFileBytes(bytes);
        using var image = (ElfObject)ObjectFormats.Open(file, new ParseLimits { DecompressionRatio = 1032 }).Single();

        var sections = image.DebugSections()!;

        Assert.Equal(content.Length, sections.Info.Length);
        Assert.True(sections.Line.IsEmpty);
        Assert.Equal(MalformedReason.SizeOverLimit, Assert.Single(image.Faults.First).Fault.Reason);
    }

    [Fact]
    public void Compressed_notes_are_not_inflated()
    {
        var elf = new ElfBuilder();
        byte[] packed = Packed(elf, new byte[1_000_000]);
        for (int i = 0; i < 400; i++)
        {
            elf.Section(".note", Note, packed, Compressed);
        }

        byte[] bytes = elf.Build();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var image = ElfReading.Open(bytes);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Notes_that_many_headers_share_are_read_a_few_times()
    {
        const int Headers = 3000;
        var elf = new ElfBuilder();
        byte[] notes = elf.Content().Zeros(480_000).U32(1).U32(1).U32(uint.MaxValue).ToArray(); // a fault at the end counts the walks
        elf.Section(".note", Note, notes);
        for (int i = 1; i < Headers; i++)
        {
            elf.Section(".note", Note, [0]);
        }

        byte[] bytes = elf.Build();
        int table = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40));
        for (int i = 2; i <= Headers; i++)
        {
            bytes.AsSpan(table + 64 + 24, 16).CopyTo(bytes.AsSpan(table + (i * 64) + 24)); // sh_offset, sh_size
        }

        using var image = ElfReading.Open(bytes);

        Assert.Null(image.CodeId);
        Assert.InRange(image.Faults.First.Count(fault => fault.Fault.Reason == MalformedReason.Truncated), 1, 10);
    }

    [Fact]
    public void Names_that_end_in_one_long_text_are_bounded()
    {
        const int Functions = 2000;
        var builder = Standard();
        builder.Str.Fill((byte)'a', 256 << 10).U8(0);
        builder.Unit(u =>
        {
            u.U8(1).U32(0);
            for (uint i = 0; i < Functions; i++)
            {
                u.U8(2).U32(i).U64(0x2000 + i).U32(1);
            }

            u.U8(0);
        });

        var names = new InternPool();
        Assert.Equal(Functions, Read(builder, names, _ => { }));
        Assert.InRange(names.Bytes, 1, 32 << 20);
    }

    [Fact]
    public void Symbols_that_end_in_one_long_text_are_bounded()
    {
        var elf = new ElfBuilder();
        elf.Section(".text", 1, new byte[16], flags: 6, address: 0x1000);
        byte[] text = elf.Content().U8(0).Fill((byte)'a', 200_000).U8(0).ToArray();
        var entries = elf.Content().Zeros(24);
        for (uint i = 1; i < 2000; i++)
        {
            entries.U32(i).U8(0x12).U8(0).U16(1).U64(0x1000).U64(16);
        }

        int strings = elf.Section(".strtab", 3, text);
        elf.Section(".symtab", 2, entries.ToArray(), link: strings, entrySize: 24);
        using var image = ElfReading.Open(elf.Build());

        var names = new InternPool();
        var symbols = image.OpenSymbols(names);
        while (symbols.TryReadNext(out _))
        {
            // the pool counts
        }

        Assert.InRange(names.Bytes, 1, 4 << 20);
        Assert.Contains(image.Faults.First, fault => fault.Fault.Reason == MalformedReason.StepsOverLimit);
    }

    [Fact]
    public void Rows_that_many_functions_share_are_copied_a_bounded_number_of_times()
    {
        const int Rows = 20_000, Functions = 4000;
        var builder = Standard();
        builder.LineProgram(line =>
        {
            builder.SetAddress(line, 0x2000);
            for (int i = 0; i < Rows; i++)
            {
                line.U8(33); // special: address + 1, line + 1
            }

            DwarfBuilder.EndSequence(line, 1);
        });
        builder.Str.CString("f");
        builder.Unit(u =>
        {
            u.U8(1).U32(0);
            for (int i = 0; i < Functions; i++)
            {
                u.U8(2).U32(0).U64(0x2000).U32(Rows + 2);
            }

            u.U8(0);
        });

        long rows = 0;
        var log = new FaultLog();
        Assert.Equal(Functions, Read(builder, new InternPool(), function => rows += function.Lines.Count, log));
        Assert.InRange(rows, Rows, 20_000_000);
        Assert.Contains(log.First, fault => fault.Fault.Reason == MalformedReason.StepsOverLimit);
    }

    [Fact]
    public void A_line_program_that_many_units_share_is_run_a_bounded_number_of_times()
    {
        const int Rows = 100_000, Units = 100;
        var builder = Standard();
        builder.LineProgram(line =>
        {
            builder.SetAddress(line, 0x2000);
            for (int i = 0; i < Rows; i++)
            {
                line.U8(33); // special: address + 1, line + 1
            }

            DwarfBuilder.EndSequence(line, 1);
        });
        for (int i = 0; i < Units; i++)
        {
            builder.Unit(u => u.U8(1).U32(0).U8(0));
        }

        long rows = 0;
        Read(builder, new InternPool(), function => rows += function.Lines.Count);
        Assert.InRange(rows, 16 * Rows, 40 * Rows);
    }

    /// <summary>Two entries that the cache of names cannot hold both, each with a long value to be passed over.</summary>
    [Fact]
    public void Long_entries_that_many_others_refer_to_are_read_a_bounded_number_of_times()
    {
        const int Functions = 20_000, Distance = 64 << 10;
        var builder = Standard();
        builder.Str.CString("f");
        int[] origins = new int[2];
        builder.Unit(u =>
        {
            int start = u.Length - 12; // the length of a version 5 header, 32 bits
            u.U8(1).U32(0);
            for (int i = 0; i < origins.Length; i++)
            {
                int at = u.Length;
                origins[i] = at - start;
                u.U8(3).U32(0).Fill((byte)'x', Distance - 6).U8(0);
                Assert.Equal(Distance, u.Length - at);
            }

            for (int i = 0; i < Functions; i++)
            {
                u.U8(4).U32((uint)origins[i % 2]).U64(0x2000).U32(1);
            }

            u.U8(0);
        });

        int named = 0;
        Read(builder, new InternPool(), function => named += function.Name.IsNone ? 0 : 1);
        Assert.InRange(named, 2, 1000);
    }

    [Fact]
    public void Attributes_of_one_abbreviation_end_at_the_limit()
    {
        var builder = new DwarfBuilder()
            .Abbrev(1, 0x11, false, 0x10, 0x17)
            .Abbrev(2, 0x34, false, [.. Enumerable.Repeat((int[])[0x03, 0x08], 50).SelectMany(pair => pair)]);
        builder.Unit(u => u.U8(1).U32(0));
        var log = new FaultLog();

        Read(builder, new InternPool(), _ => { }, log, new ParseLimits { Abbreviations = 10 });

        Assert.Contains(log.First, fault => fault.Fault.Reason == MalformedReason.CountOverLimit);
    }

    [Theory]
    [InlineData(31, true)]
    [InlineData(32, false)]
    public void Long_augmentations_are_refused(int letters, bool expected)
    {
        var cfi = new CfiAssembler(eh: true);
        cfi.Function(cfi.Common([0x0c, 7, 8, 0x90, 1], "z" + new string('B', letters), []), 0x1000, 0x40, [], []);

        // Without any usable entry there is no table.
        var table = DwarfFrameTable.Open(FrameTableTests.Sections(cfi.ToArray(), eh: true), ParseLimits.Default, new FaultLog());

        Assert.Equal(expected, table?.Covers(0x1000) ?? false);
    }

    [Fact]
    public void Descriptions_of_a_function_without_end_are_cut()
    {
        var cfi = new CfiAssembler(eh: true);
        byte[] instructions = [.. Enumerable.Range(0, 20_000).SelectMany(i => (byte[])[0x41, 0x0e, (byte)(8 + (i % 2 * 8))])];
        cfi.Function(cfi.Common([0x0c, 7, 8, 0x90, 1]), 0x1000, 0x10_0000, instructions);
        var table = DwarfFrameTable.Open(FrameTableTests.Sections(cfi.ToArray(), eh: true), ParseLimits.Default, new FaultLog())!;

        Assert.InRange(table.Describe(0x1000)!.Deltas.Count, 10_000, 16 << 10);
    }

    /// <summary>1: unit; 2: function with name; 3: function with name and text, no code; 4: function that refers to another.</summary>
    private static DwarfBuilder Standard() => new DwarfBuilder()
        .Abbrev(1, 0x11, true, 0x10, 0x17)
        .Abbrev(2, 0x2e, false, 0x03, 0x0e, 0x11, 0x01, 0x12, 0x06)
        .Abbrev(3, 0x2e, false, 0x03, 0x0e, 0x5a, 0x08)
        .Abbrev(4, 0x2e, false, 0x47, 0x13, 0x11, 0x01, 0x12, 0x06);

    private static int Read(
        DwarfBuilder builder, InternPool names, Action<FunctionBuffer> look, FaultLog? log = null, ParseLimits? limits = null)
    {
        builder.Abbrevs.U8(0);
        using var session = new DwarfDebugSession(builder.Sections(), names, limits ?? ParseLimits.Default, log ?? new FaultLog());
        var function = new FunctionBuffer();
        int count = 0;
        while (session.TryReadNext(function))
        {
            look(function);
            count++;
        }

        return count;
    }

    private static byte[] Packed(ElfBuilder elf, byte[] content)
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(content);
        }

        return elf.Content().U32(1).U32(0).U64((ulong)content.Length).U64(1).Bytes(packed.ToArray()).ToArray();
    }
}
