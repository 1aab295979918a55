using Symbolicator.Formats.Core;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;
using Module = Symbolicator.TestKit.MinidumpBuilder.Module;

namespace Symbolicator.Formats.Tests.Minidump;

public sealed class MinidumpModuleTests
{
    private static readonly byte[] Guid = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10];

    [Theory]
    [InlineData(MinidumpBuilder.Windows, "04030201-0605-0807-090a-0b0c0d0e0f10-2", "5f3c1a2b1c000", "app.pdb")]
    [InlineData(MinidumpBuilder.Linux, "04030201-0605-0807-090a-0b0c0d0e0f10-2", "5f3c1a2b1c000", "app.pdb")]
    [InlineData(MinidumpBuilder.MacOS, "04030201-0605-0807-090a-0b0c0d0e0f10", "0403020106050807090a0b0c0d0e0f10", "app.pdb")]
    public void An_rsds_record_gives_the_ids_of_its_system(uint platform, string debugId, string codeId, string debugFile)
    {
        byte[] record = new ByteBuilder().Text("RSDS").Bytes(Guid).U32(2).CString("app.pdb").Text("junk").ToArray();
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal(platform: platform)
            .Modules(new Module(0x1000, 0x1c000, "app", 0x5f3c1a2b) { CodeView = record }));
        var module = Assert.Single(dump.Modules);
        Assert.Equal((debugId, codeId, debugFile), (module.DebugId?.ToString(), module.CodeId?.Hex, module.DebugFile));
    }

    [Theory]
    [InlineData("0102030405060708090a0b0c0d0e0f1011121314", "04030201-0605-0807-090a-0b0c0d0e0f10")]
    [InlineData("0102030405060708", "04030201-0605-0807-0000-000000000000")]
    [InlineData("0000000000000000000000000000000000000000", null)]
    [InlineData("", null)]
    public void A_build_id_is_the_code_id_and_its_start_the_debug_id(string buildId, string? debugId)
    {
        byte[] record = new ByteBuilder().U32(0x4270454c).Bytes(Convert.FromHexString(buildId)).ToArray();
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal()
            .Modules(new Module(0x1000, 0x1000, "/lib/a.so") { CodeView = record }));
        var module = Assert.Single(dump.Modules);
        Assert.Equal(debugId, module.DebugId?.ToString());
        Assert.Equal(debugId is null ? null : buildId, module.CodeId?.Hex);
        Assert.Equal("/lib/a.so", module.DebugFile);
        Assert.True(dump.Faults.IsEmpty);
    }

    [Fact]
    public void Without_a_record_only_windows_modules_have_a_code_id()
    {
        var module = new Module(0x1000, 0x2000, "a", 0x1234);
        using var windows = MinidumpFileTests.Open(MinidumpBuilder.Minimal(platform: MinidumpBuilder.Windows).Modules(module));
        using var linux = MinidumpFileTests.Open(MinidumpBuilder.Minimal().Modules(module));
        Assert.Equal("000012342000", windows.Modules[0].CodeId?.Hex);
        Assert.Null(windows.Modules[0].DebugId);
        Assert.Null(windows.Modules[0].DebugFile);
        Assert.Null(linux.Modules[0].CodeId);
    }

    [Fact]
    public void Linux_rsds_records_without_a_timestamp_give_no_code_id()
    {
        byte[] record = new ByteBuilder().Text("RSDS").Bytes(Guid).U32(0).CString("app").ToArray();
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal().Modules(new Module(0x1000, 0x2000) { CodeView = record }));
        Assert.Null(dump.Modules[0].CodeId);
        Assert.Equal("04030201-0605-0807-090a-0b0c0d0e0f10", dump.Modules[0].DebugId?.ToString());
    }

    [Theory]
    [InlineData("52534453")] // RSDS and nothing behind it
    [InlineData("12345678")]
    [InlineData("4c")]
    public void A_bad_record_costs_only_the_ids(string hex)
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal().Modules(
            new Module(0x1000, 0x1000, "a") { CodeView = Convert.FromHexString(hex) }, new Module(0x2000, 0x1000, "b")));
        Assert.Equal(["a", "b"], dump.Modules.Select(module => module.CodeFile));
        Assert.Null(dump.Modules[0].DebugId);
        Assert.Equal("CodeView record", Assert.Single(dump.Faults.First).What);
    }

    [Fact]
    public void Names_tolerate_lone_surrogates_odd_lengths_and_terminators()
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal().Modules(
            new Module(0x1000, 1) { RawName = [0x61, 0, 0x00, 0xd8, 0x62, 0] },
            new Module(0x2000, 1) { RawName = [0x61, 0, 0x62] },
            new Module(0x3000, 1) { RawName = [0x61, 0, 0, 0, 0x62, 0] },
            new Module(0x4000, 1) { RawName = [] }));
        Assert.Equal(["a\ufffdb", "a", "a", ""], dump.Modules.Select(module => module.CodeFile));
    }

    [Fact]
    public void Empty_wrapping_and_overlapping_modules_are_dropped()
    {
        using var dump = MinidumpFileTests.Open(MinidumpBuilder.Minimal().Modules(
            new Module(0x3000, 0x1000, "third"),
            new Module(0x1000, 0x1000, "first"),
            new Module(0x1fff, 0x1000, "overlaps first"),
            new Module(0x2000, 0x1000, "second"),
            new Module(0x3000, 0x10, "same start, listed later"),
            new Module(0x5000, 0, "empty"),
            new Module(ulong.MaxValue - 0xffe, 0x1000, "wraps"),
            new Module(ulong.MaxValue - 0xfff, 0x1000, "last page")));
        Assert.Equal(["first", "second", "third", "last page"], dump.Modules.Select(module => module.CodeFile));
        Assert.Equal([1, 3, 0, 7], dump.Modules.Select(module => module.ListIndex));
        Assert.Equal(ulong.MaxValue, dump.Modules[3].LastAddress);
        Assert.Equal(4, dump.Faults.Total);
    }

    [Fact]
    public void One_long_name_shared_by_many_modules_is_bounded()
    {
        var builder = MinidumpBuilder.Minimal();
        string name = builder.Utf16(new string('x', 100_000));
        builder.Stream(4, b =>
        {
            b.U32(5000);
            for (uint i = 0; i < 5000; i++)
            {
                b.U64(0x1_0000 + (i * 0x1000)).U32(0x1000).U32(0).U32(0).Ref(name).Zeros(84);
            }
        });
        byte[] bytes = builder.Build();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var dump = MinidumpFileTests.Open(bytes);
        Assert.Equal(5000, dump.Modules.Count);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < Mutator.AllowedBytes);
        Assert.Equal(100_000, dump.Modules[0].CodeFile!.Length);
        Assert.Null(dump.Modules[4999].CodeFile);
        Assert.Equal(MalformedReason.SizeOverLimit, dump.Faults.First[0].Fault.Reason);
    }
}
