using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Symbolicator.Service.Tests.Hosting;

/// <summary>The real process, listening on a port of its own; killed at the end when it still runs.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly string _config;
    private readonly Task<string> _log;

    private RunningService(Process process, string config, Uri url, Task<string> log)
    {
        _process = process;
        _config = config;
        _log = log;
        Client = new HttpClient { BaseAddress = url, Timeout = Guard };
    }

    public HttpClient Client { get; }

    public int ExitCode => _process.ExitCode;

    /// <summary>Returns when it says that it listens.</summary>
    /// <param name="config">Lines of the configuration file besides the address.</param>
    public static async Task<RunningService> StartAsync(string config)
    {
        string path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, $"bind: 127.0.0.1:0\n{config}\n");
        var process = ProcessTests.Start("run", "-c", path);
        var seen = new StringBuilder();
        try
        {
            while (await process.StandardError.ReadLineAsync().WaitAsync(Guard) is { } line)
            {
                seen.AppendLine(line);
                if (Regex.Match(line, @"Listening on (http://\S+)") is { Success: true } match)
                {
                    // Read on, so that the process never waits for us.
                    return new RunningService(process, path, new Uri(match.Groups[1].Value), process.StandardError.ReadToEndAsync());
                }
            }

            throw new InvalidOperationException($"the service ended: {seen}");
        }
        catch
        {
            process.Kill();
            process.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>SIGTERM; returns what it logged since it listened.</summary>
    public async Task<string> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync().WaitAsync(Guard);
        return await _log;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().WaitAsync(Guard);
        }

        _process.Dispose();
        File.Delete(_config);
    }
}
