using Symbolicator.Formats.Minidump;
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
    [InlineData(0xc000_0005, "EXCEPTION_ACCESS_VIOLATION_READ", 0ul, 0x10ul)]
    [InlineData(0xc000_0005, "EXCEPTION_ACCESS_VIOLATION_WRITE", 1ul, 0x10ul)]
    [InlineData(0xc000_0005, "EXCEPTION_ACCESS_VIOLATION_EXEC", 8ul, 0x10ul)]
    [InlineData(0xc000_0005, "EXCEPTION_ACCESS_VIOLATION", 2ul, 0x10ul)]
    [InlineData(0xc000_0005, "EXCEPTION_ACCESS_VIOLATION")]
    [InlineData(0xc000_0006, "EXCEPTION_IN_PAGE_ERROR_READ / STATUS_DEVICE_DATA_ERROR", 0ul, 0x10ul, 0xc000_009cul)]
    [InlineData(0xc000_0006, "EXCEPTION_IN_PAGE_ERROR_EXEC / STATUS_IO_DEVICE_ERROR", 8ul, 0x10ul, 0xffff_ffff_c000_0185ul)]
    [InlineData(0xc000_0006, "EXCEPTION_IN_PAGE_ERROR_WRITE / 0xc0ffee00", 1ul, 0x10ul, 0xc0ff_ee00ul)]
    [InlineData(0xc000_0409, "EXCEPTION_STACK_BUFFER_OVERRUN / FAST_FAIL_STACK_COOKIE_CHECK_FAILURE", 2ul)]
    [InlineData(0xc000_0409, "EXCEPTION_STACK_BUFFER_OVERRUN / FAST_FAIL_FATAL_APP_EXIT", 7ul)]
    [InlineData(0xc000_0409, "EXCEPTION_STACK_BUFFER_OVERRUN / FAST_FAIL_INVALID_FLS_DATA", 70ul)]
    [InlineData(0xc000_0409, "EXCEPTION_STACK_BUFFER_OVERRUN / 0x0000000f", 15ul)]
    [InlineData(0xc000_0409, "STATUS_STACK_BUFFER_OVERRUN")]
    [InlineData(0xe043_4352, "Unhandled .NET Exception / COR_E_INVALIDOPERATION", 0xffff_ffff_8013_1509ul)]
    [InlineData(0xe043_4352, "Unhandled .NET Exception / 0x80139999", 0x8013_9999ul)]
    public void Windows_reads_the_parameters_of_an_exception(uint code, string expected, params ulong[] parameters) =>
        Assert.Equal(expected, Reason(MinidumpBuilder.Windows, code, 0, parameters));

    [Theory]
    [InlineData(0x8000_0003, "EXCEPTION_BREAKPOINT")]
    [InlineData(0xc000_00fd, "EXCEPTION_STACK_OVERFLOW")]
    [InlineData(0xe06d_7363, "Unhandled C++ Exception")]
    [InlineData(0x2047_4343, "Unhandled GCC Exception")]
    [InlineData(0xe043_4f4d, "Unhandled .NET Exception")]
    [InlineData(0xe000_0008, "Out of Memory")]
    [InlineData(0x0517_a7ed, "Simulated Exception")]
    [InlineData(0x406d_1388, "MS_VC_EXCEPTION")]
    [InlineData(0xc000_0374, "STATUS_HEAP_CORRUPTION")]
    [InlineData(0xc000_0135, "STATUS_DLL_NOT_FOUND")]
    [InlineData(0xc000_041d, "STATUS_FATAL_USER_CALLBACK_EXCEPTION")]
    [InlineData(0x4001_0005, "DBG_CONTROL_C")]
    [InlineData(0xc002_0017, "RPC_NT_SERVER_UNAVAILABLE")]
    [InlineData(5u, "ERROR_ACCESS_DENIED")]
    [InlineData(0x6bau, "RPC_S_SERVER_UNAVAILABLE")]
    [InlineData(0x8007_000e, "FACILITY_WIN32 / ERROR_OUTOFMEMORY")]
    [InlineData(0xc007_0005, "FACILITY_WIN32 / ERROR_ACCESS_DENIED")]
    [InlineData(0xc06d_007e, "FACILITY_VISUALCPP / ERROR_MOD_NOT_FOUND")]
    [InlineData(0xc06d_007f, "FACILITY_VISUALCPP / ERROR_PROC_NOT_FOUND")]
    [InlineData(0x8001_0108, "RPC_E_DISCONNECTED")]
    [InlineData(0x887a_0005, "DXGI_ERROR_DEVICE_REMOVED")]
    [InlineData(0xd000_0022, "STATUS_ACCESS_DENIED")]
    [InlineData(0xe007_0005, "unknown 0xe0070005")]
    [InlineData(0x0007_0005u, "unknown 0x00070005")]
    [InlineData(0x8007_ffff, "unknown 0x8007ffff")]
    [InlineData(0x1234_5678, "unknown 0x12345678")]
    public void Windows_names_a_code(uint code, string expected) =>
        Assert.Equal(expected, Reason(MinidumpBuilder.Windows, code, 0));

    [Fact]
    public void Every_code_of_a_table_is_found()
    {
        foreach (var (table, name) in (IEnumerable<(CodeTable, string)>)
            [
                (CodeTable.NtStatus, "ntstatus"), (CodeTable.Win32, "win32"), (CodeTable.HResult, "hresult"),
                (CodeTable.FastFail, "fast-fail"),
            ])
        {
            using var stream = typeof(CodeTable).Assembly.GetManifestResourceStream($"codes/{name}");
            Assert.NotNull(stream);
            using var reader = new StreamReader(stream);
            long before = -1;
            while (reader.ReadLine() is { } line)
            {
                string[] words = line.Split(' ');
                uint code = Convert.ToUInt32(words[0], 16);
                Assert.Equal(words[1], table.Find(code));
                Assert.True(code > before, line);
                if (code > before + 1)
                {
                    Assert.Null(table.Find(code - 1));
                }

                before = code;
            }

            Assert.Null(table.Find((uint)(before == uint.MaxValue ? 0x7fff_ffff : before + 1)));
        }
    }

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
        string suffix = $" / 0x{dump.CrashAddress:x}";
        Assert.EndsWith(suffix, dump.CrashSummary, StringComparison.Ordinal);
        return dump.CrashSummary[..^suffix.Length];
    }
}
