using System.Text;

namespace Symbolicator.Cli;

/// <summary>The streams of one run of the tool; tests pass their own.</summary>
internal sealed class Terminal : IDisposable
{
    public required Stream Input { get; init; }

    public required Stream Output { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Output goes to a person: colours are welcome.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>The streams of this process.</summary>
    public static Terminal OfProcess() => new()
    {
        Input = HasInput() ? Console.OpenStandardInput() : Stream.Null,
        Output = Console.OpenStandardOutput(),
        Error = new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false)) { AutoFlush = true },
        IsInteractive = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "",
    };

    /// <summary>
    /// False when the process was started with a closed standard input. The runtime then has a pipe of its own in its
    /// place, from which nothing ever comes; what was handed down is never marked as close-on-exec.
    /// </summary>
    private static bool HasInput()
    {
        const long CloseOnExec = 0x8_0000; // O_CLOEXEC
        try
        {
            string? flags = File.ReadLines("/proc/self/fdinfo/0").FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal));
            return flags is null || (Convert.ToInt64(flags[6..].Trim(), 8) & CloseOnExec) == 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return true; // not Linux: nothing is known
        }
    }

    public void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
        Error.Dispose();
    }
}
