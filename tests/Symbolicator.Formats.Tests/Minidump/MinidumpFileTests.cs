using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Minidump;

public sealed class MinidumpFileTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    public void A_file_shorter_than_the_header_is_refused(int length)
    {
        var error = Refused(MinidumpBuilder.Minimal().Build()[..length]);
        Assert.Equal(new ParseFault(MalformedReason.Truncated, length), error.Fault);
        Assert.Equal("Missing minidump header (empty minidump?)", error.Detail);
    }

    [Fact]
    public void A_foreign_signature_is_refused()
    {
        var builder = MinidumpBuilder.Minimal();
        builder.Signature = 0x504d444e;
        Assert.Equal("Header mismatch", Refused(builder.Build()).Detail);
    }

    [Fact]
    public void Only_the_low_word_of_the_version_counts()
    {
        var builder = MinidumpBuilder.Minimal();
        builder.Version = 0xffff_a793;
        using var dump = Open(builder);
        Assert.True(dump.Faults.IsEmpty);

        builder.Version = 0xa793_0001;
        Assert.Equal("Minidump version mismatch", Refused(builder.Build()).Detail);
    }

    [Theory]
    [InlineData(4096u, MalformedReason.Truncated)]
    [InlineData(4097u, MalformedReason.CountOverLimit)]
    [InlineData(uint.MaxValue, MalformedReason.CountOverLimit)]
    public void A_directory_that_cannot_be_there_is_refused(uint count, MalformedReason reason)
    {
        var builder = MinidumpBuilder.Minimal();
        builder.StreamCount = count;
        var error = Refused(builder.Build());
        Assert.Equal(reason, error.Fault.Reason);
        Assert.Equal("Missing stream directory (heavily truncated minidump?)", error.Detail);
    }

    [Fact]
    public void Mandatory_streams_that_are_absent_are_named()
    {
        Assert.Equal(
            "The system information stream was not found", Refused(new MinidumpBuilder().Threads().Build()).Detail);
        Assert.Equal(
            "The thread list stream was not found",
            Refused(new MinidumpBuilder().System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux).Build()).Detail);
    }

    [Theory]
    [InlineData(0x100u, 0xffff_ff00u)] // far behind the file
    [InlineData(0xffff_ffffu, 32u)] // ends behind the file
    [InlineData(4u, 0u)] // cut
    public void A_mandatory_stream_that_cannot_be_read_is_refused(uint size, uint rva)
    {
        byte[] bytes = MinidumpBuilder.Minimal().Build();
        BitConverter.TryWriteBytes(bytes.AsSpan(32 + 4), size);
        if (rva != 0)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(32 + 8), rva);
        }

        Assert.Equal("Error reading stream", Refused(bytes).Detail);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_byte_orders_read_the_same(bool bigEndian)
    {
        var builder = new MinidumpBuilder(bigEndian);
        byte[] context = builder.Amd64Context(rip: 0x1_0000_1234, rsp: 0x7ffe_0010, rbp: 0x7ffe_0100);
        builder.System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux, (6, 1, 76), " #1 SMP ")
            .Threads(new MinidumpBuilder.Thread(7, context, 0x7ffe_0000, [.. Enumerable.Range(0, 64).Select(i => (byte)i)]))
            .Modules(new MinidumpBuilder.Module(0x1_0000_0000, 0x3000, "/usr/bin/caf\u00e9"))
            .Exception(7, code: 11, flags: 1, address: 0x45, context);
        using var dump = Open(builder);

        Assert.Equal(bigEndian, dump.BigEndian);
        Assert.Equal(1_700_000_000u, dump.Timestamp);
        Assert.Equal(("Linux", "6.1.76", "#1 SMP", Arch.Amd64), (dump.System.OsName, dump.System.OsVersion, dump.System.OsBuild, dump.System.Arch));
        var thread = Assert.Single(dump.Threads);
        Assert.Equal(7u, thread.Id);
        Assert.Equal(0x1_0000_1234u, thread.Context!.ProgramCounter);
        Assert.Equal(0x7ffe_0010u, thread.Context.StackPointer);
        Assert.Equal(0x7ffe_0100u, thread.Context.Registers.GetOrZero(6));
        Assert.Equal("/usr/bin/café", Assert.Single(dump.Modules).CodeFile);
        Assert.Equal("SIGSEGV / SEGV_MAPERR / 0x45", dump.CrashSummary);
        Assert.True(dump.Memory.TryReadUnsigned(0x7ffe_0008, 4, out ulong word));
        Assert.Equal(bigEndian ? 0x08090a0bu : 0x0b0a0908u, word);
        Assert.True(dump.Faults.IsEmpty);
    }

    [Fact]
    public void Of_a_stream_written_twice_the_first_with_content_counts()
    {
        using var dump = Open(MinidumpBuilder.Minimal()
            .Stream(24, _ => { })
            .Stream(0, b => b.U32(1))
            .Stream(24, b => b.U32(0))
            .Modules(new MinidumpBuilder.Module(0x1000, 0x1000, "first"))
            .Modules(new MinidumpBuilder.Module(0x1000, 0x1000, "second")));
        Assert.Equal("first", Assert.Single(dump.Modules).CodeFile);
        Assert.Null(dump.ThreadName(1));
        Assert.True(dump.Faults.IsEmpty);
    }

    [Fact]
    public void A_damaged_optional_stream_costs_only_itself()
    {
        using var dump = Open(MinidumpBuilder.Minimal()
            .Stream(4, b => b.U32(uint.MaxValue))
            .Exception(1, code: 6));
        Assert.Empty(dump.Modules);
        Assert.Empty(dump.Modules); // read once: the fault is not counted again
        Assert.Equal("SIGABRT / 0x0", dump.CrashSummary);
        var fault = Assert.Single(dump.Faults.First);
        Assert.Equal((MalformedReason.CountOverLimit, "ModuleList stream"), (fault.Fault.Reason, fault.What));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Four_bytes_between_the_count_and_the_entries_are_seen(int padding)
    {
        var builder = new MinidumpBuilder().System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux);
        using var dump = Open(builder.Threads(padding, new MinidumpBuilder.Thread(1, []), new MinidumpBuilder.Thread(2, [])));
        Assert.Equal([1u, 2u], dump.Threads.Select(thread => thread.Id));
    }

    [Fact]
    public void The_thread_that_crashed_is_walked_from_the_exception_context()
    {
        var builder = new MinidumpBuilder();
        builder.System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux)
            .Threads(
                new MinidumpBuilder.Thread(1, builder.Amd64Context(0x1111, 0x10)),
                new MinidumpBuilder.Thread(2, builder.Amd64Context(0x2222, 0x20)))
            .Exception(2, code: 11, context: builder.Amd64Context(0x3333, 0x30))
            .Stream(0x47670001, b => b.U32(3).U32(1).U32(2));
        using var dump = Open(builder);
        Assert.Same(dump.Threads[1], dump.RequestingThread);
        Assert.Equal(0x1111u, dump.ContextOf(dump.Threads[0])!.ProgramCounter);
        Assert.Equal(0x3333u, dump.ContextOf(dump.Threads[1])!.ProgramCounter);
        Assert.True(dump.IsDumpThread(dump.Threads[0]));
        Assert.False(dump.IsDumpThread(dump.Threads[1]));
    }

    [Theory]
    [InlineData(0u, 5u, 5)] // the exception names no thread of the dump
    [InlineData(9u, 9u, null)]
    public void Without_a_crashed_thread_the_requesting_one_counts(uint exceptionThread, uint requesting, int? expected)
    {
        using var dump = Open(new MinidumpBuilder().System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux)
            .Threads(new MinidumpBuilder.Thread(5, []))
            .Exception(exceptionThread, code: 11)
            .Stream(0x47670001, b => b.U32(2).U32(5).U32(requesting)));
        Assert.Equal((uint?)expected, dump.RequestingThread?.Id);
        Assert.Null(dump.Breakpad!.DumpThreadId);
    }

    [Theory]
    [InlineData(MinidumpBuilder.X86, MinidumpBuilder.Linux, 11u, 0xffff_ffff_bfff_0000, "SIGSEGV / 0xbfff0000")]
    [InlineData(MinidumpBuilder.Amd64, MinidumpBuilder.Linux, 11u, 0xffff_ffff_bfff_0000, "SIGSEGV / 0xffffffffbfff0000")]
    [InlineData(MinidumpBuilder.X86, MinidumpBuilder.Windows, 0xc000_0005, 0x4000u, "EXCEPTION_ACCESS_VIOLATION_WRITE / 0x45")]
    [InlineData(MinidumpBuilder.X86, MinidumpBuilder.Windows, 0xc000_0094, 0x4000u, "EXCEPTION_INT_DIVIDE_BY_ZERO / 0x4000")]
    public void The_crash_address_follows_system_and_cpu(ushort arch, uint platform, uint code, ulong address, string expected)
    {
        using var dump = Open(MinidumpBuilder.Minimal(arch: arch, platform: platform)
            .Exception(1, code, 0, address, null, 1, 0x45));
        Assert.Equal(expected, dump.CrashSummary);
    }

    [Theory]
    [InlineData("Linux 5.10.0-8-amd64 #1 SMP Debian 5.10.46 x86_64", "5.10.0-8-amd64", "#1 SMP Debian 5.10.46")]
    [InlineData("Linux 5.10.0 #1 SMP x86_64 Linux/GNU", "5.10.0", "#1 SMP")]
    [InlineData("Linux", "0.0.0", "")]
    [InlineData("", "0.0.0", "")]
    public void The_kernel_release_is_taken_out_of_the_uname_text(string text, string version, string build)
    {
        using var dump = Open(new MinidumpBuilder().System(MinidumpBuilder.Amd64, MinidumpBuilder.Linux, default, text).Threads());
        Assert.Equal((version, build), (dump.System.OsVersion, dump.System.OsBuild));
    }

    [Fact]
    public void The_bytes_stay_leased_until_the_dump_is_disposed()
    {
        var bytes = new MemoryFileBytes(MinidumpBuilder.Minimal().Build());
        var dump = MinidumpFile.Open(bytes, ParseLimits.Default);
        bytes.Dispose();
        Assert.True(bytes.TryRetain());
        bytes.Dispose();
        dump.Dispose();
        Assert.False(bytes.TryRetain());
    }

    internal static MinidumpFile Open(MinidumpBuilder builder, ParseLimits? limits = null) => Open(builder.Build(), limits);

    internal static MinidumpFile Open(byte[] bytes, ParseLimits? limits = null)
    {
        using var file = new MemoryFileBytes(bytes);
        return MinidumpFile.Open(file, limits ?? ParseLimits.Default);
    }

    internal static MalformedFileException Refused(byte[] bytes, ParseLimits? limits = null) =>
        Assert.Throws<MalformedFileException>(() => Open(bytes, limits));
}
