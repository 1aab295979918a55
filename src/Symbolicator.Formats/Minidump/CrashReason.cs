namespace Symbolicator.Formats.Minidump;

/// <summary>Names the exception of a dump as its system does.</summary>
public static class CrashReason
{
    /// <summary>
    /// <c>SIGSEGV / SEGV_MAPERR</c>, <c>EXCEPTION_ACCESS_VIOLATION_READ</c>, <c>EXC_BAD_ACCESS / KERN_INVALID_ADDRESS</c>;
    /// the numbers where there is no name.
    /// </summary>
    public static string Describe(MinidumpOs os, ExceptionInfo exception)
    {
        string? reason = os switch
        {
            MinidumpOs.Linux or MinidumpOs.Android => LinuxReason.Describe(exception.Code, exception.Flags),
            MinidumpOs.Windows => WindowsReason.Describe(exception) ?? $"unknown 0x{exception.Code:x8}",
            MinidumpOs.MacOS or MinidumpOs.Ios => MacReason.Describe(exception.Code, exception.Flags),
            _ => null,
        };
        return reason ?? $"unknown 0x{exception.Code:x8} / 0x{exception.Flags:x8}";
    }
}
