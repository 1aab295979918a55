using System.Globalization;
using System.Text.RegularExpressions;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb.Frames;

/// <summary>Frame data and FPO records of PDBs, against llvm-pdbutil for real files.</summary>
public sealed partial class PdbFrameTableTests
{
    private const string Plain = "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + =";

    [Theory]
    [InlineData("shapes-x86")]
    [InlineData("shapes-x86-O0")]
    [InlineData("shapes-x86-fpo")]
    [InlineData("exports-x86")]
    public void Every_record_is_what_llvm_pdbutil_prints(string name)
    {
        using var file = new MemoryFileBytes(Fixture.Bytes($"windows/{name}.pdb"));
        using var image = ObjectFormats.Open(file)[0];
        var table = image.OpenUnwindTable()!;
        int count = 0;
        foreach (string line in Fixture.Oracle($"windows/{name}.pdb.txt"))
        {
            if (FrameDataLine().Match(line) is not { Success: true } match)
            {
                continue;
            }

            uint[] n = [.. Enumerable.Range(2, 6).Select(i => uint.Parse(match.Groups[i].Value, CultureInfo.InvariantCulture))];
            ulong start = ulong.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var expected = new WindowsFrameDescription(4, start, n[0], n[4], 0, n[2], n[5], n[1], n[3], true, match.Groups[8].Value.Trim(), false);
            Assert.Equal(expected, table.Describe(start)?.Windows);
            count++;
        }

        Assert.True(count > 20);
        Assert.True(image.Faults.IsEmpty);
    }

    [Fact]
    public void Records_without_programs_state_their_kind_in_bits()
    {
        byte[] fpo =
        [
            .. Fpo(0x1000, 0x20, locals: 3, parameters: 2, prolog: 5, saved: 2, flags: 0x1000), // uses the base pointer
            .. Fpo(0x1100, 0x20, flags: 0x4000), // trap
            .. Fpo(0x1200, 0x20, flags: 0x8000), // task switch
            .. Fpo(0x1300, 0x20, flags: 0xc000), // no frame pointer omission
        ];
        var table = Open(Builder().ImageStream(0, fpo));

        Assert.Equal(new WindowsFrameDescription(0, 0x1000, 0x20, 5, 0, 8, 8, 12, 0, false, null, true), table.Describe(0x101f)?.Windows);
        Assert.Equal(3, table.Describe(0x1300)?.Windows?.Type);
        Assert.Equal([true, false, false, true, false], ((ulong[])[0x1000, 0x1100, 0x1200, 0x1300, 0x1320]).Select(table.Covers));
    }

    [Fact]
    public void Frame_data_is_preferred_and_the_smallest_record_holds()
    {
        var builder = Builder();
        uint program = builder.Name(Plain);
        byte[] frameData =
        [
            .. FrameData(0x1010, 0x20, program), .. FrameData(0x1011, 0x1f, program, saved: 4), .. FrameData(0x1015, 8, program, saved: 8),
        ];
        var table = Open(builder.ImageStream(0, Fpo(0x1000, 0x80)).ImageStream(9, frameData));

        Assert.Equal([0x1000u, 0x1010u, 0x1011u, 0x1015u, 0x1011u, 0x1000u], new ulong[] { 0x100f, 0x1010, 0x1014, 0x101c, 0x101d, 0x1030 }.Select(
            rva => (uint)table.Describe(rva)!.Windows!.Start));
        Assert.Equal(0, table.Describe(0x1030)?.Windows?.Type);
    }

    [Fact]
    public void Junk_and_repetitions_are_left_out_and_a_missing_program_loses_its_record()
    {
        var builder = Builder();
        uint program = builder.Name(Plain);
        byte[] frameData =
        [
            .. FrameData(0x1000, 0x8000_0000, program), .. FrameData(0x1000, 0x7fff_ffff, program), .. FrameData(0x1000, 0x10, program, locals: 4),
            .. FrameData(0x1000, 0x10, program, locals: 8), .. FrameData(0x1020, 0x10, 0x7777), .. FrameData(0x1030, 0, program),
        ];
        using var image = OpenImage(builder.ImageStream(9, frameData));
        var table = image.OpenUnwindTable()!;

        Assert.Equal(4u, table.Describe(0x1000)?.Windows?.Locals);
        Assert.Equal(0x7fff_ffffu, table.Describe(0x1020)?.Windows?.Size);
        Assert.Equal((1, MalformedReason.OutOfRange), (image.Faults.Total, image.Faults.First[0].Fault.Reason));
    }

    [Fact]
    public void A_relocation_in_front_of_the_records_is_skipped()
    {
        var builder = Builder();
        byte[] frameData = [1, 2, 3, 4, .. FrameData(0x1000, 0x10, builder.Name(Plain))];

        Assert.True(Open(builder.ImageStream(9, frameData)).Covers(0x100f));
    }

    [Fact]
    public void Prologue_and_body_are_found_where_a_rearranged_image_has_them()
    {
        var builder = Builder();
        uint program = builder.Name(Plain);
        byte[] frameData = [.. FrameData(0x1000, 0x20, program, prolog: 8), .. FrameData(0x1040, 0x10, program, prolog: 4), .. FrameData(0x1080, 8, program)];
        builder.ImageStream(9, frameData).ImageStream(10, PdbBuilder.SectionHeader(".text", 0x1000, 0x1000))
            .ImageStream(4, PdbBuilder.Omap((0x1000, 0x1500), (0x1008, 0x1100), (0x1010, 0x1300), (0x1020, 0), (0x1040, 0x1700), (0x1080, 0)));
        var table = Open(builder);

        // Apart: the prologue, and the body in two pieces. Together: one record. Removed: none.
        Assert.Equal((0x1500u, 8u, 8u), Piece(table, 0x1507));
        Assert.Equal((0x1100u, 8u, 0u), Piece(table, 0x1100));
        Assert.Equal((0x1300u, 0x10u, 0u), Piece(table, 0x130f));
        Assert.Equal((0x1700u, 0x10u, 4u), Piece(table, 0x1708));
        Assert.False(table.Covers(0x1000) || table.Covers(0x1080));
    }

    [Fact]
    public void Other_processors_and_files_without_records_have_no_table()
    {
        using var without = OpenImage(Builder());
        using var other = OpenImage(new PdbBuilder { Machine = 0x8664 }.ImageStream(0, Fpo(0x1000, 8)));

        Assert.Null(without.OpenUnwindTable());
        Assert.Null(other.OpenUnwindTable());
    }

    [Fact]
    public void A_limit_on_records_holds_at_and_one_past()
    {
        byte[] fpo = [.. Enumerable.Range(0, 10).SelectMany(i => Fpo(0x1000u + ((uint)i * 0x10), 0x10))];
        byte[] bytes = Builder().ImageStream(0, fpo).Build();

        Assert.True(Count(10).Covers(0x1090));
        Assert.False(Count(9).Covers(0x1090));
        Assert.True(Count(9).Covers(0x1080));

        IUnwindTable Count(int limit)
        {
            using var file = new MemoryFileBytes(bytes);
            return ObjectFormats.Open(file, ParseLimits.Default with { UnwindEntries = limit })[0].OpenUnwindTable()!;
        }
    }

    [Fact]
    public void Programs_that_overlap_without_end_take_no_more_memory_than_the_names()
    {
        var builder = Builder();
        uint text = builder.Name(new string('+', 100_000));
        byte[] frameData = [.. Enumerable.Range(0, 20_000).SelectMany(i => FrameData(0x1000 + (uint)i, 1, text + (uint)i))];
        byte[] bytes = builder.ImageStream(9, frameData).Build();
        using var file = new MemoryFileBytes(bytes);
        using var image = ObjectFormats.Open(file)[0];
        long before = GC.GetAllocatedBytesForCurrentThread();
        var table = image.OpenUnwindTable()!;

        Assert.True(table.Covers(0x1000));
        Assert.False(table.Covers(0x1100));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
        Assert.InRange(table.EstimatedBytes, 1, 1 << 20);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        var table = Open(Builder(out uint program).ImageStream(9, FrameData(0x1000, 0x10, program)));
        var memory = new FakeMemory().Add(0x8000, [0x78, 0x56, 0x34, 0x12]);
        var registers = default(RegisterState);
        registers.Set(4, 0x8000);
        var frame = new UnwindFrame(0x1008, 0x40_0000);
        var result = default(UnwindResult);
        var caller = default(RegisterState);

        Assert.Equal(0, Allocated.Fewest(() => result = table.Step(frame, registers, memory, out caller)));
        Assert.Equal((UnwindOutcome.Stepped, 0x12345678u), (result.Outcome, (uint)caller.GetOrZero(8)));
    }

    [Fact]
    public void Damage_is_contained()
    {
        var builder = Builder(out uint program);
        byte[] frameData = [.. FrameData(0x1000, 0x40, program, prolog: 8, saved: 4), .. FrameData(0x1008, 0x20, program, locals: 8)];
        builder.ImageStream(9, frameData).ImageStream(0, [.. Fpo(0x1100, 0x20), .. Fpo(0x1200, 0x20, flags: 0xc000)])
            .ImageStream(4, PdbBuilder.Omap((0x1000, 0x1000), (0x1010, 0x1300))).ImageStream(10, PdbBuilder.SectionHeader(".text", 0x1000, 0x1000));
        var memory = new FakeMemory().Add(0x8000, new byte[64]);
        var registers = default(RegisterState);
        for (int i = 0; i < 9; i++)
        {
            registers.Set(i, 0x8000);
        }

        Mutator.Run(Mutator.Mutations(builder.Build(), headerBytes: 64, random: 3000, seed: 4), bytes =>
        {
            using var file = new MemoryFileBytes(bytes);
            using var image = ObjectFormats.Open(file)[0];
            if (image.OpenUnwindTable() is { } table)
            {
                foreach (ulong rva in (ulong[])[0, 0x1000, 0x1008, 0x1010, 0x1100, 0x1200, 0x1300, uint.MaxValue, ulong.MaxValue])
                {
                    table.Describe(rva);
                    table.Step(new UnwindFrame(rva, 0x40_0000), registers, memory, out _);
                    table.Step(new UnwindFrame(rva, unchecked(0x8000 - rva), 0xffff_ffff), registers, memory, out _);
                }
            }
        });
    }

    internal static PdbBuilder Builder() => new(512) { Machine = 0x14c };

    internal static PdbBuilder Builder(out uint program)
    {
        var builder = Builder();
        program = builder.Name(Plain);
        return builder;
    }

    internal static IUnwindTable Open(PdbBuilder builder) => OpenImage(builder).OpenUnwindTable()!;

    internal static byte[] FrameData(
        uint start, uint size, uint program, uint locals = 0, uint parameters = 0, int prolog = 0, int saved = 0, uint flags = 0) =>
        new ByteBuilder().U32(start).U32(size).U32(locals).U32(parameters).U32(0).U32(program).U16(prolog).U16(saved).U32(flags).ToArray();

    internal static byte[] Fpo(uint start, uint size, uint locals = 0, int parameters = 0, int prolog = 0, int saved = 0, int flags = 0) =>
        new ByteBuilder().U32(start).U32(size).U32(locals).U16(parameters).U16(prolog | (saved << 8) | flags).ToArray();

    private static IObjectFile OpenImage(PdbBuilder builder)
    {
        builder.Section(".text", 0x1000, 0x1000);
        return ObjectFormats.Open(new MemoryFileBytes(builder.Build()))[0];
    }

    private static (uint Start, uint Size, uint Prolog) Piece(IUnwindTable table, ulong rva)
    {
        var record = table.Describe(rva)!.Windows!;
        return ((uint)record.Start, (uint)record.Size, record.Prolog);
    }

    [GeneratedRegex(@"^([0-9A-F]{8}) \| +(\d+) \| +(\d+) \| +(\d+) \| +(\d+) \| +(\d+) \| +(\d+) \| +\w+ \| +\w+ \| +\w+ \| (.*)$")]
    private static partial Regex FrameDataLine();
}
