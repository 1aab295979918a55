namespace Symbolicator.Formats.Minidump;

/// <summary>Signals of Linux and Android and their causes (signal.h, asm-generic/siginfo.h).</summary>
internal static class LinuxReason
{
    private const uint DumpRequested = 0xffff_ffff; // kSimulatedSigno of Crashpad, MD_EXCEPTION_CODE_LIN_DUMP_REQUESTED

    private static readonly string[] Signals =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
        "SIGSYS",
    ];

    private static readonly string[] IllCodes =
    [
        "ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC", "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK",
        "ILL_BADIADDR",
    ];

    private static readonly string[] TrapCodes =
        ["TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT", "TRAP_UNK", "TRAP_PERF"];

    private static readonly string[] BusCodes =
        ["BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO"];

    private static readonly string[] FpeCodes =
    [
        "FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB",
    ];

    private static readonly string[] SegvCodes =
    [
        "SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR", "SEGV_ACCADI", "SEGV_ADIDERR", "SEGV_ADIPERR",
        "SEGV_MTEAERR", "SEGV_MTESERR", "SEGV_CPERR",
    ];

    private static readonly string[] SysCodes = ["SYS_SECCOMP", "SYS_USER_DISPATCH"];

    /// <param name="signal">si_signo.</param>
    /// <param name="code">si_code; its meaning depends on the signal when it is positive.</param>
    public static string? Describe(uint signal, uint code)
    {
        string? name = signal == DumpRequested ? "DUMP_REQUESTED"
            : signal is > 0 and < 32 ? Signals[signal]
            : null;
        if (name is null)
        {
            return null;
        }

        return code == 0 ? name : $"{name} / {Cause(signal, code) ?? $"0x{code:x8}"}"; // 0 = SI_USER: nothing to add
    }

    private static string? Cause(uint signal, uint code)
    {
        string[] own = signal switch
        {
            4 => IllCodes,
            5 => TrapCodes,
            7 => BusCodes,
            8 => FpeCodes,
            11 => SegvCodes,
            31 => SysCodes,
            _ => [],
        };
        if (code - 1 < (uint)own.Length)
        {
            return own[code - 1];
        }

        return unchecked((int)code) switch
        {
            0x80 => "SI_KERNEL",
            -1 => "SI_QUEUE",
            -2 => "SI_TIMER",
            -3 => "SI_MESGQ",
            -4 => "SI_ASYNCIO",
            -5 => "SI_SIGIO",
            -6 => "SI_TKILL",
            -7 => "SI_DETHREAD",
            -60 => "SI_ASYNCNL",
            14 when signal == 8 => "FPE_FLTUNK",
            15 when signal == 8 => "FPE_CONDTRAP",
            _ => null,
        };
    }
}
