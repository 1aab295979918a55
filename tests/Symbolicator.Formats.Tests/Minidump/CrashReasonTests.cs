using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Minidump;

/// <summary>Numbers are those of signal(7), siginfo.h, winnt.h and mach/exception_types.h.</summary>
public sealed class CrashReasonTests
{
    private const uint Android = 0x8203;

    [Theory]
    [InlineData(11u, 1, "SIGSEGV / SEGV_MAPERR")]
    [InlineData(11u, 2, "SIGSEGV / SEGV_ACCERR")]
    [InlineData(11u, 9, "SIGSEGV / SEGV_MTESERR")]
    [InlineData(11u, 0, "SIGSEGV")]
    [InlineData(11u, 0x80, "SIGSEGV / SI_KERNEL")]
    [InlineData(11u, 99, "SIGSEGV / 0x00000063")]
    [InlineData(6u, 0, "SIGABRT")]
    [InlineData(6u, -6, "SIGABRT / SI_TKILL")]
    [InlineData(6u, 1, "SIGABRT / 0x00000001")]
    [InlineData(15u, -1, "SIGTERM / SI_QUEUE")]
    [InlineData(4u, 1, "SIGILL / ILL_ILLOPC")]
    [InlineData(4u, 8, "SIGILL / ILL_BADSTK")]
    [InlineData(5u, 1, "SIGTRAP / TRAP_BRKPT")]
    [InlineData(7u, 2, "SIGBUS / BUS_ADRERR")]
    [InlineData(7u, 5, "SIGBUS / BUS_MCEERR_AO")]
    [InlineData(8u, 1, "SIGFPE / FPE_INTDIV")]
    [InlineData(8u, 8, "SIGFPE / FPE_FLTSUB")]
    [InlineData(8u, 14, "SIGFPE / FPE_FLTUNK")]
    [InlineData(31u, 1, "SIGSYS / SYS_SECCOMP")]
    [InlineData(1u, -60, "SIGHUP / SI_ASYNCNL")]
    [InlineData(0xffff_ffffu, 0, "DUMP_REQUESTED")]
    [InlineData(0u, 0, "unknown 0x00000000 / 0x00000000")]
    [InlineData(32u, -2, "unknown 0x00000020 / 0xfffffffe")]
    public void Linux_and_android_name_the_signal_and_its_cause(uint signal, int code, string expected)
    {
        Assert.Equal(expected, Reason(MinidumpBuilder.Linux, signal, unchecked((uint)code)));
        Assert.Equal(expected, Reason(Android, signal, unchecked((uint)code)));
    }

    [Theory]
    [InlineData(0xc000_0005, 0, "EXCEPTION_ACCESS_VIOLATION_READ")]
    [InlineData(0xc000_0005, 8, "EXCEPTION_ACCESS_VIOLATION_EXEC")]
    [InlineData(0xc000_00fd, 0, "EXCEPTION_STACK_OVERFLOW")]
    [InlineData(0xe06d_7363, 0, "Unhandled C++ Exception")]
    [InlineData(0x1234_5678, 0, "unknown 0x12345678")]
    public void Windows_names_the_exception(uint code, int access, string expected) =>
        Assert.Equal(expected, Reason(MinidumpBuilder.Windows, code, 0, (ulong)access, 0));

    [Theory]
    [InlineData(1u, 1u, "EXC_BAD_ACCESS / KERN_INVALID_ADDRESS")]
    [InlineData(6u, 2u, "EXC_BREAKPOINT / 0x00000002")]
    [InlineData(0x4350_7378u, 0u, "Simulated Exception")]
    [InlineData(99u, 1u, "unknown 0x00000063 / 0x00000001")]
    public void Mac_names_the_exception(uint code, uint flags, string expected) =>
        Assert.Equal(expected, Reason(MinidumpBuilder.MacOS, code, flags));

    private static string Reason(uint platform, uint code, uint flags, params ulong[] parameters)
    {
        using var dump = MinidumpFileTests.Open(
            MinidumpBuilder.Minimal(platform: platform).Exception(1, code, flags, 0, null, parameters));
        const string Suffix = " / 0x0";
        Assert.EndsWith(Suffix, dump.CrashSummary, StringComparison.Ordinal);
        return dump.CrashSummary[..^Suffix.Length];
    }
}
