using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Minidump;

public sealed class MinidumpStreamTests
{
    [Fact]
    public void Thread_names_skip_those_that_are_missing()
    {
        var builder = MinidumpBuilder.Minimal();
        string name = builder.Utf16("Größe");
        using var dump = MinidumpFileTests.Open(builder.Stream(24, b =>
            b.U32(3).U32(1).Ref(name, 8).U32(2).U64(ulong.MaxValue).U32(3).U64(0xffff_ff00)));
        Assert.Equal("Größe", dump.ThreadName(1));
        Assert.Null(dump.ThreadName(2));
        Assert.Null(dump.ThreadName(3));
        Assert.Equal(2, dump.Faults.Total);
    }

    [Fact]
    public void Linux_texts_tolerate_blanks_quotes_and_odd_lines()
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal()
            .Stream(0x47670003, b => b.Text("processor\t: 0\n\nmodel name\t:  Some: CPU \nodd\n"))
            .Stream(0x47670005, b => b.Text("DISTRIB_ID=\"Ubuntu\"\nDISTRIB_RELEASE = '16.04'"))
            .Stream(0x47670006, b => b.Text("./app\0--flag\0two words\0"))
            .Stream(0x47670007, b => b.Text("A=1=2\0B=\0odd\0 C = x \0"))
            .Stream(0x47670008, b => b.U64(3).U64(0x40).U64(33).U64(0x7fff_0000).U64(0).U64(0).U64(9).U64(9)));
        Assert.Equal([new("processor", "0"), new("model name", "Some: CPU")], dump.LinuxCpuInfo);
        Assert.Equal([new("DISTRIB_ID", "Ubuntu"), new("DISTRIB_RELEASE", "16.04")], dump.LinuxRelease);
        Assert.Equal(["./app", "--flag", "two words"], dump.LinuxCommandLine);
        Assert.Equal([new("A", "1=2"), new("B", ""), new(" C ", " x ")], dump.LinuxEnvironment);
        Assert.Equal([new(3, 0x40), new(33, 0x7fff_0000)], dump.LinuxAuxiliaryVector);
        Assert.Empty(dump.LinuxStatus);
    }

    [Fact]
    public void Maps_keep_names_with_blanks()
    {
        using var dump = Maps(
            "00400000-0041a000 r-xp 00001000 08:01 12  /usr/bin/some app (deleted)\n7fff0000-7fff1000 rw-p 00000000 00:00 0\n\n");
        Assert.Equal(
            [
                new LinuxMapping(0x400000, 0x41a000, "r-xp", 0x1000, "/usr/bin/some app (deleted)"),
                new LinuxMapping(0x7fff0000, 0x7fff1000, "rw-p", 0, ""),
            ],
            dump.LinuxMaps);
    }

    [Theory]
    [InlineData("2000-1000 r-xp 0 00:00 0\n")]
    [InlineData("1000-2000 r-xp 0 00:00 0\n1000 r-xp 0 00:00 0\n")]
    [InlineData("1000-10000000000000000 r-xp 0 00:00 0\n")]
    [InlineData("x-y r-xp 0 00:00 0\n")]
    public void A_bad_line_of_the_maps_costs_the_stream(string text)
    {
        using var dump = Maps(text);
        Assert.Empty(dump.LinuxMaps);
        Assert.Equal((MalformedReason.BadValue, "LinuxMaps stream"), (dump.Faults.First[0].Fault.Reason, dump.Faults.First[0].What));
    }

    [Fact]
    public void Lists_step_by_the_entry_size_that_they_state()
    {
        var builder = MinidumpBuilder.Minimal();
        string name = builder.Utf16("old.so");
        using var dump = MinidumpFileTests.Open(builder
            .Stream(14, b => b.U32(16).U32(32).U32(2).U32(0) // header and entries larger than known
                .U64(0x1000).U32(0x10).U32(0).U32(7).Ref(name).U64(0)
                .U64(0x2000).U32(0x20).U32(0).U32(8).Ref(name).U64(0))
            .Stream(16, b => b.U32(16).U32(48).U64(1).U64(0x5000).U64(0x4000).U32(4).U32(0).U64(0x1000).U32(1).U32(2).U32(3).U32(0))
            .Stream(17, b => b.U32(12).U32(64).U32(1).U32(5).U32(1).U32(2).U32(3).U64(4).U64(5).U64(6).U64(7).U64(8).U64(9))
            .Stream(12, b => b.U32(16).U32(40).U32(1).U32(0).U64(0x44).U32(0).Ref(name).U32(1).U32(2).U32(3).U32(4).U32(0).U32(0)));
        Assert.Equal(
            [new UnloadedModule(0x1000, 0x10, 7, "old.so"), new UnloadedModule(0x2000, 0x20, 8, "old.so")], dump.UnloadedModules);
        Assert.Equal([new MemoryInfo(0x5000, 0x4000, 4, 0x1000, 1, 2, 3)], dump.MemoryInfo);
        Assert.Equal([new ThreadInfo(5, 1, 2, 3, 4, 5, 6, 7, 8, 9)], dump.ThreadInfo);
        Assert.Equal([new HandleInfo(0x44, null, "old.so", 1, 2)], dump.Handles);
        Assert.True(dump.Faults.IsEmpty);
    }

    [Theory]
    [InlineData(16u, 47u, 0ul)] // entry shorter than known
    [InlineData(15u, 48u, 0ul)] // header shorter than itself
    [InlineData(uint.MaxValue, 48u, 0ul)]
    [InlineData(16u, uint.MaxValue, 1ul)]
    [InlineData(16u, 48u, ulong.MaxValue)]
    public void Lists_with_impossible_sizes_cost_only_themselves(uint header, uint entry, ulong count)
    {
        using var dump = MinidumpFileTests.Open(
            MinidumpBuilder.Minimal().Stream(16, b => b.U32(header).U32(entry).U64(count).Zeros(96)));
        Assert.Empty(dump.MemoryInfo);
        Assert.Equal(1, dump.Faults.Total);
    }

    [Fact]
    public void Misc_info_is_told_apart_by_its_size()
    {
        using var old = MinidumpFileTests.Open(
            MinidumpBuilder.Minimal().Stream(15, b => b.U32(24).U32(3).U32(3932).U32(1171480435).U32(1).U32(2)));
        Assert.Equal(
            new MiscInfo { ProcessId = 3932, ProcessCreateTime = 1171480435, ProcessUserTime = 1, ProcessKernelTime = 2 }, old.Misc);

        using var recent = MinidumpFileTests.Open(MinidumpBuilder.Minimal()
            .Stream(15, b => b.U32(1364).U32(1).U32(5).Zeros(220).Utf16("10.0.1").Zeros(1364 - 244)));
        Assert.Equal(new MiscInfo { ProcessId = 5, BuildString = "10.0.1" }, recent.Misc);
    }

    [Fact]
    public void An_assertion_is_read_from_its_fixed_fields()
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal().Stream(0x47670002, b =>
            b.Utf16("x > 0").Zeros(246).Utf16("f").Zeros(254).Utf16("a.cc").Zeros(248).U32(12).U32(1)));
        Assert.Equal(new AssertionInfo("x > 0", "f", "a.cc", 12, 1), dump.Assertion);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Crashpad_annotations_are_read_with_and_without_the_mask(bool withMask)
    {
        var builder = MinidumpBuilder.Minimal();
        builder.Stream(0x43500001, b =>
        {
            b.U32(1).U32(0x01020304).U16(0x0506).U16(0x0708).Bytes(9, 10, 11, 12, 13, 14, 15, 16).Zeros(16);
            builder.Locate(b, x => x.U32(1).Ref(builder.Utf8("product")).Ref(builder.Utf8("app")));
            builder.Locate(b, x => builder.Locate(x.U32(1).U32(4), m =>
            {
                m.U32(1);
                builder.Locate(m, y => y.U32(2).Ref(builder.Utf8("one")).U32(0xffff_fff0));
                builder.Locate(m, y => y.U32(1).Ref(builder.Utf8("k")).Ref(builder.Utf8("v")));
                builder.Locate(m, y => y.U32(2)
                    .Ref(builder.Utf8("text")).U16(1).U16(0).Ref(builder.Utf8("value"))
                    .Ref(builder.Utf8("bytes")).U16(0x8001).U16(0).Ref(builder.Utf8("not text")));
            }));
            if (withMask)
            {
                b.U32(0).U64(0x0000_7fff_ffff_ffff);
            }
        });
        using var dump = MinidumpFileTests.Open(builder);
        var info = dump.Crashpad!;
        Assert.Equal(Guid.Parse("01020304-0506-0708-090a-0b0c0d0e0f10"), info.ReportId);
        Assert.Equal([new("product", "app")], info.Annotations);
        Assert.Equal(withMask ? 0x0000_7fff_ffff_fffful : 0, info.AddressMask);
        var module = Assert.Single(info.Modules);
        Assert.Equal(4u, module.ModuleIndex);
        Assert.Equal(["one"], module.Texts);
        Assert.Equal([new("k", "v")], module.Annotations);
        Assert.Equal([new("text", "value")], module.Objects);
        Assert.Equal(1, dump.Faults.Total); // the text at 0xfffffff0
    }

    [Fact]
    public void Stacks_walked_by_the_client_replace_those_of_the_thread()
    {
        using var dump = Prewalked(b => b);
        Assert.Equal([7u], dump.PrewalkedStacks.Keys);
        Assert.Equal([new PrewalkedFrame(0x1000, "main"), new PrewalkedFrame(0x2000, "")], dump.PrewalkedStacks[7]);
    }

    [Fact]
    public void Client_stacks_whose_lengths_do_not_add_up_are_ignored()
    {
        using var longer = Prewalked(b => b.U8(0));
        Assert.Empty(longer.PrewalkedStacks);
        Assert.Equal(MalformedReason.BadValue, longer.Faults.First[0].Fault.Reason);
        using var outside = Prewalked(b => b.Patch(b.Length - 4 - 20, 100, 4));
        Assert.Empty(outside.PrewalkedStacks);
    }

    private static MinidumpFile Prewalked(Func<ByteBuilder, ByteBuilder> change)
    {
        // header, two threads (the second without frames), padding, two frames, symbols
        var b = new ByteBuilder().U32(1).U32(2).U32(2).U32(4)
            .U32(7).U32(0).U32(2).U32(8).U32(2).U32(0)
            .U64(0x1000).U32(0).U32(4).U64(0x2000).U32(4).U32(0)
            .Text("main");
        byte[] bytes = change(b).ToArray();
        return MinidumpFileTests.Open(MinidumpBuilder.Minimal().Stream(0x53790001, x => x.Bytes(bytes)));
    }

    private static MinidumpFile Maps(string text) =>
        MinidumpFileTests.Open(MinidumpBuilder.Minimal().Stream(0x47670009, b => b.Bytes(Encoding.UTF8.GetBytes(text))));
}
