namespace Symbolicator.Formats.Minidump;

/// <summary>Structured exceptions of Windows (winnt.h) and of run-time systems that raise their own.</summary>
internal static class WindowsReason
{
    private const uint AccessViolation = 0xc000_0005; // EXCEPTION_ACCESS_VIOLATION
    private const uint InPageError = 0xc000_0006; // EXCEPTION_IN_PAGE_ERROR

    /// <summary>True when the second parameter is the address that was accessed.</summary>
    public static bool NamesAddress(ExceptionInfo exception) =>
        exception.Code is AccessViolation or InPageError && exception.Parameters.Count >= 2;

    public static string? Describe(ExceptionInfo exception) => exception.Code switch
    {
        AccessViolation => "EXCEPTION_ACCESS_VIOLATION" + Access(exception),
        InPageError => "EXCEPTION_IN_PAGE_ERROR" + Access(exception)
            + (exception.Parameters.Count >= 3 ? $" / 0x{exception.Parameters[2]:x8}" : ""),
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
        0xe000_0008 => "Out of Memory",
        0xe06d_7363 => "Unhandled C++ Exception",
        0x0517_a7ed => "Simulated Exception",
        _ => null,
    };

    private static string Access(ExceptionInfo exception) => exception.Parameters.Count == 0 ? "" : exception.Parameters[0] switch
    {
        0 => "_READ",
        1 => "_WRITE",
        8 => "_EXEC",
        _ => "",
    };
}
