using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Symbolicator.Service.Tests.Hosting;

/// <summary>The real process: commands, signals, exit status.</summary>
public sealed class ProcessTests
{
    private const string DebugId = "3249D99D0C4049318610F4E4FB0B69360";
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task SIGTERM_ends_the_service_in_order()
    {
        await using var service = await RunningService.StartAsync("logging: {format: simplified}");
        using var check = Start("healthcheck", "--addr", service.Client.BaseAddress!.Authority);
        Assert.Equal("OK", (await check.StandardOutput.ReadToEndAsync()).Trim());

        string log = await service.TerminateAsync();

        Assert.Equal(0, service.ExitCode);
        Assert.Contains("Stopping: no more jobs are admitted", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SIGTERM_answers_jobs_that_wait_for_a_silent_source()
    {
        var asked = new TaskCompletionSource();
        await using var silent = await FakeSymbolServer.StartAsync(async context =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await using var service = await RunningService.StartAsync("connect_to_reserved_ips: true\nhead_timeout: 10m\nshutdown_timeout: 25s");

        var answer = service.Client.PostAsync("/symbolicate", Request(silent.Url));
        await asked.Task.WaitAsync(Guard);
        await service.TerminateAsync();

        Assert.Equal(0, service.ExitCode);
        using var failed = await answer;
        Assert.Equal(
            "{\"status\":\"failed\",\"message\":\"the service is shutting down; send the request again\"}", await failed.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_killed_service_leaves_a_directory_that_the_next_one_takes_over()
    {
        var asked = new TaskCompletionSource();
        await using var silent = await FakeSymbolServer.StartAsync(async context =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        var cache = Directory.CreateTempSubdirectory("symbolicator-test-");
        try
        {
            string id;
            await using (var first = await RunningService.StartAsync($"connect_to_reserved_ips: true\ncache_dir: {cache.FullName}"))
            {
                using var pending = await first.Client.PostAsync("/symbolicate?timeout=0", Request(silent.Url));
                id = JsonDocument.Parse(await pending.Content.ReadAsStringAsync()).RootElement.GetProperty("request_id").GetString()!;
                await asked.Task.WaitAsync(Guard);
                Assert.NotEmpty(cache.GetFiles("tmp/*"));
            }

            await using var second = await RunningService.StartAsync($"cache_dir: {cache.FullName}");

            Assert.Contains("the service stopped before the job ended", await second.Client.GetStringAsync($"/requests/{id}"), StringComparison.Ordinal);
            Assert.Empty(cache.GetFiles("tmp/*"));
        }
        finally
        {
            cache.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_folder_behind_a_plain_file_server_is_a_source()
    {
        var folder = Directory.CreateTempSubdirectory("symbolicator-test-");
        try
        {
            string name = $"app/{DebugId}/app.sym";
            Directory.CreateDirectory(Path.Combine(folder.FullName, Path.GetDirectoryName(name)!));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), $"MODULE Linux x86_64 {DebugId} app\nFUNC 1000 20 0 crash_here\n");
            using var server = Process.Start(new ProcessStartInfo("python3", ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", folder.FullName])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            try
            {
                string started = await server!.StandardOutput.ReadLineAsync().WaitAsync(Guard) ?? "";
                var url = new Uri($"http://127.0.0.1:{Regex.Match(started, "port (\\d+)").Groups[1].Value}/");
                await using var service = await RunningService.StartAsync("connect_to_reserved_ips: true");

                using var answer = await service.Client.PostAsync("/symbolicate", Request(url));

                using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
                var candidates = body.RootElement.GetProperty("modules")[0].GetProperty("candidates").EnumerateArray().ToArray();
                var used = Assert.Single(candidates, candidate => candidate.GetProperty("download").GetProperty("status").GetString() == "ok");
                Assert.Equal($"{url}{name}", used.GetProperty("location").GetString());
                Assert.All(candidates.Where(other => other.GetRawText() != used.GetRawText()), other =>
                    Assert.Equal("notfound", other.GetProperty("download").GetProperty("status").GetString()));
                string[] locations = [.. candidates.Select(candidate => candidate.GetProperty("location").GetString()!)];
                Assert.Equal(locations.Order(StringComparer.Ordinal), locations);
                Assert.Equal("crash_here", body.RootElement.GetProperty("stacktraces")[0].GetProperty("frames")[0].GetProperty("symbol").GetString());
            }
            finally
            {
                server!.Kill();
            }
        }
        finally
        {
            folder.Delete(recursive: true);
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

    private static StringContent Request(Uri source) => new(
        "{\"stacktraces\":[{\"frames\":[{\"instruction_addr\":\"0x401008\"}]}],"
        + $"\"modules\":[{{\"type\":\"elf\",\"debug_id\":\"{DebugId}\",\"debug_file\":\"app\",\"code_file\":\"app\",\"image_addr\":\"0x400000\",\"image_size\":65536}}],"
        + $"\"sources\":[{{\"id\":\"web\",\"type\":\"http\",\"url\":\"{source}\"}}],\"options\":{{\"dif_candidates\":true}}}}",
        Encoding.UTF8, "application/json");

    internal static Process Start(params string[] arguments)
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
