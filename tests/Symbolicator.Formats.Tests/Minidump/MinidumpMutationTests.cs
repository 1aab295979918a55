using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Minidump;

public sealed class MinidumpMutationTests
{
    [Theory]
    [InlineData("cpp-x64.breakpad", 1)]
    [InlineData("cpp-arm64.crashpad", 2)]
    public void Damaged_dumps_are_refused_or_read_in_part(string name, int seed)
    {
        byte[] original = Fixture.Bytes($"minidump/{name}.dmp");
        Mutator.Run(Mutator.Mutations(original, headerBytes: 224, random: 2000, seed: seed), Read);
    }

    [Fact]
    public void Damaged_streams_of_every_kind_are_contained()
    {
        foreach (bool bigEndian in (bool[])[false, true])
        {
            byte[] original = EveryStream(bigEndian);
            using var sound = MinidumpFileTests.Open(original);
            ReadEverything(sound);
            Assert.True(sound.Faults.IsEmpty, string.Join(", ", sound.Faults.First));
            Mutator.Run(Mutator.Mutations(original, headerBytes: original.Length, random: 3000, seed: 3), Read);
        }
    }

    [Fact]
    public void A_dump_of_44_bytes_cannot_ask_for_45_gigabytes()
    {
        // One thread list of 4 GiB with 900 million threads, beside nothing else.
        byte[] bytes = new ByteBuilder().U32(0x504d444d).U32(0xa793).U32(1).U32(32).U32(0).U32(0).U64(0)
            .U32(3).U32(uint.MaxValue).U32(0).ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        MinidumpFileTests.Refused(bytes);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 10);
    }

    [Fact]
    public void Streams_may_lie_on_top_of_each_other()
    {
        byte[] original = EveryStream(bigEndian: false);
        for (int target = 0; target < BitConverter.ToInt32(original, 8); target++)
        {
            byte[] bytes = [.. original];
            for (int entry = 2; entry < BitConverter.ToInt32(original, 8); entry++)
            {
                original.AsSpan(32 + (12 * target) + 4, 8).CopyTo(bytes.AsSpan(32 + (12 * entry) + 4));
            }

            Mutator.Run([new Mutation($"all streams at entry {target}", bytes)], Read);
        }
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public void Threads_are_accepted_up_to_their_limit(int limit, bool accepted)
    {
        var builder = new MinidumpBuilder().System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux)
            .Threads(new MinidumpBuilder.Thread(1, []), new MinidumpBuilder.Thread(2, []));
        var limits = ParseLimits.Default with { Threads = limit };
        if (accepted)
        {
            using var dump = MinidumpFileTests.Open(builder, limits);
            Assert.Equal(2, dump.Threads.Count);
        }
        else
        {
            Assert.Equal(MalformedReason.CountOverLimit, MinidumpFileTests.Refused(builder.Build(), limits).Fault.Reason);
        }
    }

    [Fact]
    public void Lists_are_accepted_up_to_their_limits_and_lost_one_past()
    {
        byte[] bytes = EveryStream(bigEndian: false);
        (string Stream, ParseLimits At, ParseLimits Past, Func<MinidumpFile, int> Count)[] cases =
        [
            ("ModuleList", new() { Modules = 2 }, new() { Modules = 1 }, dump => dump.Modules.Count),
            ("MemoryInfoList", new() { MemoryRegions = 2 }, new() { MemoryRegions = 1 }, dump => dump.MemoryInfo.Count),
            ("LinuxMaps", new() { MemoryRegions = 2 }, new() { MemoryRegions = 1 }, dump => dump.LinuxMaps.Count),
            ("MemoryList", new() { MemoryRegions = 2 }, new() { MemoryRegions = 1 }, dump => dump.Memory.Regions.Count(r => r.Address >= 0x8000)),
            ("HandleData", new() { Handles = 2 }, new() { Handles = 1 }, dump => dump.Handles.Count),
        ];
        foreach (var (stream, at, past, count) in cases)
        {
            using var whole = MinidumpFileTests.Open(bytes, at);
            Assert.Equal(2, count(whole));
            using var lost = MinidumpFileTests.Open(bytes, past);
            Assert.Equal(0, count(lost));
            Assert.Contains(lost.Faults.First, fault => fault.What == stream + " stream" && fault.Fault.Reason == MalformedReason.CountOverLimit);
        }
    }

    [Fact]
    public void Texts_of_any_stream_are_bounded_together()
    {
        byte[] bytes = EveryStream(bigEndian: false);
        using var dump = MinidumpFileTests.Open(bytes, ParseLimits.Default with { MinidumpTextBytes = 200 });
        ReadEverything(dump);
        Assert.Contains(dump.Faults.First, fault => fault.Fault.Reason == MalformedReason.SizeOverLimit);
    }

    /// <summary>Asks a dump for all that it has.</summary>
    internal static void ReadEverything(MinidumpFile dump)
    {
        _ = (dump.CrashSummary, dump.System.OsName, dump.Misc, dump.Assertion, dump.Flags);
        _ = dump.UnloadedModules.Count + dump.MemoryInfo.Count + dump.ThreadInfo.Count + dump.Handles.Count + dump.LinuxMaps.Count
            + dump.LinuxCpuInfo.Count + dump.LinuxStatus.Count + dump.LinuxRelease.Count + dump.LinuxEnvironment.Count
            + dump.LinuxCommandLine.Count + dump.LinuxAuxiliaryVector.Count + dump.PrewalkedStacks.Count;
        _ = dump.Crashpad?.Modules.Sum(module => module.Annotations.Count + module.Objects.Count + module.Texts.Count);
        Span<byte> bytes = stackalloc byte[64];
        foreach (var region in dump.Memory.Regions)
        {
            dump.Memory.TryRead(region.Address, bytes);
            dump.Memory.TryReadUnsigned(region.Last, 8, out _);
        }

        foreach (var thread in dump.Threads)
        {
            _ = dump.ThreadName(thread.Id);
            _ = dump.IsDumpThread(thread);
            if (dump.ContextOf(thread) is { } context)
            {
                dump.Memory.TryReadUnsigned(context.StackPointer, context.Profile.PointerSize, out _);
                _ = dump.Modules.Count(module => module.Contains(context.ProgramCounter));
            }
        }
    }

    private static void Read(byte[] bytes)
    {
        using var dump = MinidumpFileTests.Open(bytes);
        ReadEverything(dump);
    }

    private static byte[] EveryStream(bool bigEndian)
    {
        var builder = new MinidumpBuilder(bigEndian);
        string name = builder.Utf16("name");
        string text = builder.Utf8("text");
        byte[] buildId = new ByteBuilder(bigEndian).U32(0x4270454c).U64(1).U64(2).ToArray();
        byte[] rsds = new ByteBuilder(bigEndian).U32(0x53445352).U64(1).U64(2).U32(3).CString("a.pdb").ToArray();
        return builder.System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux, default, "Linux 6.1 #1 x86_64")
            .Threads(new MinidumpBuilder.Thread(1, builder.Amd64Context(0x1100, 0x7010), 0x7000, new byte[64]))
            .Modules(
                new MinidumpBuilder.Module(0x1000, 0x1000, "a") { CodeView = buildId },
                new MinidumpBuilder.Module(0x2000, 0x1000, "b", 7) { CodeView = rsds })
            .Memory((0x8000, new byte[16]), (0x9000, new byte[16]))
            .Memory64((0x6000, new byte[8]))
            .Exception(1, 11, 1, 0x45, builder.Amd64Context(0x1200, 0x7010), 1, 2)
            .Stream(12, b => b.U32(16).U32(32).U32(2).U32(0)
                .U64(1).Ref(name).Ref(name).U32(0).U32(0).U32(0).U32(0).U64(2).U32(0).U32(0).U32(0).U32(0).U32(0).U32(0))
            .Stream(14, b => b.U32(12).U32(24).U32(1).U64(0x3000).U32(1).U32(0).U32(0).Ref(name))
            .Stream(15, b => b.U32(24).U32(3).Zeros(16))
            .Stream(16, b => b.U32(16).U32(48).U64(2).Zeros(96))
            .Stream(17, b => b.U32(12).U32(64).U32(1).Zeros(64))
            .Stream(24, b => b.U32(1).U32(1).Ref(name, 8))
            .Stream(0x43500001, b =>
            {
                b.U32(1).Zeros(32);
                builder.Locate(b, x => x.U32(1).Ref(text).Ref(text));
                builder.Locate(b, x => builder.Locate(x.U32(1).U32(0), m =>
                {
                    m.U32(1);
                    builder.Locate(m, y => y.U32(1).Ref(text));
                    builder.Locate(m, y => y.U32(1).Ref(text).Ref(text));
                    builder.Locate(m, y => y.U32(1).Ref(text).U16(1).U16(0).Ref(text));
                }));
                b.U32(0).U64(0xffff_ffff);
            })
            .Stream(0x47670001, b => b.U32(3).U32(2).U32(1))
            .Stream(0x47670002, b => b.Zeros(776))
            .Stream(0x47670003, b => b.Text("a: b\n"))
            .Stream(0x47670007, b => b.Text("A=b\0"))
            .Stream(0x47670008, b => b.U64(3).U64(4))
            .Stream(0x47670009, b => b.Text("1000-2000 r-xp 0 00:00 1 a\n3000-4000 r-xp 0 00:00 1 b\n"))
            .Stream(0x53790001, b => b.U32(1).U32(1).U32(1).U32(4).U32(1).U32(0).U32(1).U32(0).U64(0x1000).U32(0).U32(4).Text("main"))
            .Build();
    }
}
