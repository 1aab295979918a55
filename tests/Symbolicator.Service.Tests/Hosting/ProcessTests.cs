using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Symbolicator.Service.Tests.Hosting;

/// <summary>The real process: commands, signals, exit status.</summary>
public sealed class ProcessTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task SIGTERM_ends_the_service_in_order()
    {
        string config = Path.GetTempFileName();
        int port = FreePort();
        await File.WriteAllTextAsync(config, $"bind: 127.0.0.1:{port}\nlogging: {{format: simplified}}\n");
        using var service = Start("run", "-c", config);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Guard };
            Assert.Equal("ok", await AskUntilItAnswersAsync(client, service));
            using var check = Start("healthcheck", "-c", config);
            Assert.Equal("OK", (await check.StandardOutput.ReadToEndAsync()).Trim());

            using var kill = Process.Start("kill", ["-TERM", $"{service.Id}"]);
            await service.WaitForExitAsync(new CancellationTokenSource(Guard).Token);

            Assert.Equal(0, service.ExitCode);
            Assert.Contains("Stopping: no more jobs are admitted", await service.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        }
        finally
        {
            if (!service.HasExited)
            {
                service.Kill();
            }

            File.Delete(config);
        }
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_used_is_one_line_and_status_1()
    {
        using var service = Start("run", "-c", "/nowhere/config.yml");
        string error = await service.StandardError.ReadToEndAsync();
        await service.WaitForExitAsync(new CancellationTokenSource(Guard).Token);

        Assert.Equal(1, service.ExitCode);
        Assert.StartsWith("error: /nowhere/config.yml: cannot be read", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_an_error()
    {
        using var check = Start("healthcheck", "--addr", $"127.0.0.1:{FreePort()}");

        Assert.Equal("ERROR", (await check.StandardOutput.ReadToEndAsync()).Trim());
        await check.WaitForExitAsync(new CancellationTokenSource(Guard).Token);
        Assert.Equal(1, check.ExitCode);
    }

    [Theory]
    [InlineData("--dry-run", "objects: would delete 1 files (7 bytes)", true)]
    [InlineData("--repeat=1h", "objects: deleted 1 files (7 bytes)", false)]
    [InlineData("--repeat", "objects: deleted 1 files (7 bytes)", false)]
    public async Task Cleanup_tells_what_it_deletes_and_repeats_until_SIGTERM(string argument, string expected, bool kept)
    {
        var root = Directory.CreateTempSubdirectory("symbolicator-test-");
        string old = Path.Combine(root.CreateSubdirectory("cache/objects/aa").FullName, "old");
        await File.WriteAllTextAsync(old, "content");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-2));
        string config = Path.Combine(root.FullName, "config.yml");
        await File.WriteAllTextAsync(config, $"cache_dir: {root.FullName}/cache\n");
        using var cleanup = Start("cleanup", "-c", config, argument);
        try
        {
            Assert.StartsWith(expected, await cleanup.StandardOutput.ReadLineAsync().WaitAsync(Guard), StringComparison.Ordinal);
            Assert.Equal(kept, File.Exists(old));
            Assert.StartsWith("symcaches: ", await cleanup.StandardOutput.ReadLineAsync().WaitAsync(Guard), StringComparison.Ordinal);
            if (argument != "--dry-run")
            {
                Assert.False(cleanup.HasExited);
                using var kill = Process.Start("kill", ["-TERM", $"{cleanup.Id}"]);
            }

            await cleanup.WaitForExitAsync(new CancellationTokenSource(Guard).Token);
            Assert.Equal(("", 0), (await cleanup.StandardError.ReadToEndAsync(), cleanup.ExitCode));
        }
        finally
        {
            if (!cleanup.HasExited)
            {
                cleanup.Kill();
            }

            root.Delete(recursive: true);
        }
    }

    private static async Task<string> AskUntilItAnswersAsync(HttpClient client, Process service)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await client.GetStringAsync("/healthcheck");
            }
            catch (HttpRequestException) when (!service.HasExited && clock.Elapsed < Guard)
            {
                await Task.Delay(50);
            }
        }
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Assembly.GetAssembly(typeof(Service.Hosting.ServiceHost))!.Location);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
