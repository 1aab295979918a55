namespace Symbolicator.Formats.Minidump;

/// <summary>Structured exceptions of Windows (winnt.h) and of run-time systems that raise their own.</summary>
internal static class WindowsReason
{
    private const uint AccessViolation = 0xc000_0005; // EXCEPTION_ACCESS_VIOLATION
    private const uint InPageError = 0xc000_0006; // EXCEPTION_IN_PAGE_ERROR
    private const uint StackBufferOverrun = 0xc000_0409; // STATUS_STACK_BUFFER_OVERRUN, raised by __fastfail
    private const uint ClrException = 0xe043_4352; // EXCEPTION_COMPLUS of .NET 4 and later
    private const uint Win32Facility = 7; // FACILITY_WIN32, FACILITY_NTWIN32
    private const uint VisualCppFacility = 0x6d; // FACILITY_VISUALCPP: the delay-load helper
    private const uint Failure = 0x8000_0000; // the highest bit of a severity
    private const uint NtBit = 0x1000_0000; // FACILITY_NT_BIT of HRESULT_FROM_NT
    private const uint CustomerBit = 0x2000_0000; // set in codes that are not Microsoft's

    /// <summary>True when the second parameter is the address that was accessed.</summary>
    public static bool NamesAddress(ExceptionInfo exception) =>
        exception.Code is AccessViolation or InPageError && exception.Parameters.Count >= 2;

    public static string? Describe(ExceptionInfo exception) => exception.Code switch
    {
        AccessViolation => "EXCEPTION_ACCESS_VIOLATION" + Access(exception),
        InPageError => "EXCEPTION_IN_PAGE_ERROR" + Access(exception)
            + (exception.Parameters.Count >= 3 ? $" / {NameOrNumber(CodeTable.NtStatus, exception.Parameters[2])}" : ""),
        StackBufferOverrun when exception.Parameters.Count >= 1 =>
            $"EXCEPTION_STACK_BUFFER_OVERRUN / {NameOrNumber(CodeTable.FastFail, exception.Parameters[0])}",
        ClrException when exception.Parameters.Count >= 1 =>
            $"Unhandled .NET Exception / {NameOrNumber(CodeTable.HResult, exception.Parameters[0])}",
        _ => General(exception.Code) ?? RunTime(exception.Code) ?? System(exception.Code),
    };

    /// <summary>The exceptions that winnt.h names EXCEPTION_*; as NTSTATUS they have names too.</summary>
    private static string? General(uint code) => code switch
    {
        0x8000_0001 => "EXCEPTION_GUARD_PAGE",
        0x8000_0002 => "EXCEPTION_DATATYPE_MISALIGNMENT",
        0x8000_0003 => "EXCEPTION_BREAKPOINT",
        0x8000_0004 => "EXCEPTION_SINGLE_STEP",
        0xc000_0008 => "EXCEPTION_INVALID_HANDLE",
        0xc000_001d => "EXCEPTION_ILLEGAL_INSTRUCTION",
        0xc000_0025 => "EXCEPTION_NONCONTINUABLE_EXCEPTION",
        0xc000_0026 => "EXCEPTION_INVALID_DISPOSITION",
        0xc000_008c => "EXCEPTION_ARRAY_BOUNDS_EXCEEDED",
        0xc000_008d => "EXCEPTION_FLT_DENORMAL_OPERAND",
        0xc000_008e => "EXCEPTION_FLT_DIVIDE_BY_ZERO",
        0xc000_008f => "EXCEPTION_FLT_INEXACT_RESULT",
        0xc000_0090 => "EXCEPTION_FLT_INVALID_OPERATION",
        0xc000_0091 => "EXCEPTION_FLT_OVERFLOW",
        0xc000_0092 => "EXCEPTION_FLT_STACK_CHECK",
        0xc000_0093 => "EXCEPTION_FLT_UNDERFLOW",
        0xc000_0094 => "EXCEPTION_INT_DIVIDE_BY_ZERO",
        0xc000_0095 => "EXCEPTION_INT_OVERFLOW",
        0xc000_0096 => "EXCEPTION_PRIV_INSTRUCTION",
        0xc000_00fd => "EXCEPTION_STACK_OVERFLOW",
        0xc000_0194 => "EXCEPTION_POSSIBLE_DEADLOCK",
        _ => null,
    };

    /// <summary>Codes that languages and crash handlers raise; they stand in no header of the system.</summary>
    private static string? RunTime(uint code) => code switch
    {
        0xe000_0008 => "Out of Memory", // kOomExceptionCode of Chromium
        0xe06d_7363 => "Unhandled C++ Exception", // "msc": Visual C++, and panics of Rust for MSVC
        0x2047_4343 => "Unhandled GCC Exception", // STATUS_GCC_THROW, "CCG ": C++ of MinGW, panics of Rust for GNU
        ClrException or 0xe043_4f4d => "Unhandled .NET Exception", // "CCR"; "COM" before .NET 4
        0x0eed_fade => "Unhandled Delphi Exception", // cDelphiException
        0x0eef_face => "Unhandled C++Builder Exception",
        0xe073_616e => "AddressSanitizer Report", // EH_SANITIZER, "san"
        0x406d_1388 => "MS_VC_EXCEPTION", // tells a debugger the name of a thread
        0x8000_0100 => "EXCEPTION_WINE_STUB",
        0x8000_0101 => "EXCEPTION_WINE_ASSERTION",
        0x0517_a7ed => "Simulated Exception", // kSimulatedExceptionCode of Crashpad: a dump without a crash
        _ => null,
    };

    /// <summary>Win32 errors, NTSTATUS and HRESULT, which programs pass to RaiseException as they are or wrapped.</summary>
    private static string? System(uint code)
    {
        if (code <= ushort.MaxValue)
        {
            return CodeTable.Win32.Find(code) ?? CodeTable.NtStatus.Find(code);
        }

        if ((code & CustomerBit) != 0)
        {
            return null;
        }

        uint facility = (code >> 16) & 0x7ff;
        if ((code & Failure) != 0 && facility is Win32Facility or VisualCppFacility
            && CodeTable.Win32.Find(code & ushort.MaxValue) is { } error)
        {
            return $"{(facility == Win32Facility ? "FACILITY_WIN32" : "FACILITY_VISUALCPP")} / {error}";
        }

        return CodeTable.NtStatus.Find(code)
            ?? CodeTable.HResult.Find(code)
            ?? ((code & NtBit) != 0 ? CodeTable.NtStatus.Find(code & ~NtBit) : null);
    }

    /// <summary>Only 32 bits are looked at: some writers extend the sign of a parameter.</summary>
    private static string NameOrNumber(CodeTable table, ulong value)
    {
        uint code = unchecked((uint)value);
        return table.Find(code) ?? $"0x{code:x8}";
    }

    private static string Access(ExceptionInfo exception) => exception.Parameters.Count == 0 ? "" : exception.Parameters[0] switch
    {
        0 => "_READ",
        1 => "_WRITE",
        8 => "_EXEC",
        _ => "",
    };
}
