using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Rendering;
using Symbolicator.Engine.Sources;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Hosting;

namespace Symbolicator.Service.Demo;

/// <summary>
/// <c>demo</c>: the service on embedded defaults, a real crash sent to it over its own API, and the stack as a person
/// wants to read it. Goes on serving until Ctrl-C.
/// </summary>
internal static class DemoCommand
{
    public static Command Create(Func<LoggingOptions, ILoggerProvider> logging)
    {
        var once = new Option<bool>("--once") { Description = "End after the answer instead of serving on." };
        var command = new Command("demo", "Run the service on embedded defaults and send it a sample crash.") { once };
        command.SetAction((result, ct) => RunAsync(result.GetValue(once), logging, ct));
        return command;
    }

    private static async Task<int> RunAsync(bool once, Func<LoggingOptions, ILoggerProvider> logging, CancellationToken ct)
    {
        using var files = DemoFiles.Unpack();
        var options = Options(files);
        await using var app = ServiceHost.Build(options, logging(options.Logging));
        await app.StartAsync(ct);
        try
        {
            var address = new Uri($"http://{options.Http.Bind}");
            Console.WriteLine($"Serving on {address}; sending it {files.Dump}");
            Console.WriteLine();
            using var client = new DemoClient(address);
            if (!await ShowAsync(client, files, address, ct))
            {
                return 1;
            }

            if (!once)
            {
                Console.WriteLine();
                Console.WriteLine("Serving until Ctrl-C.");
                await app.WaitForShutdownAsync(ct);
            }
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }

        return 0;
    }

    private static async Task<bool> ShowAsync(DemoClient client, DemoFiles files, Uri address, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        var response = await client.PostAsync(files.Dump, ct);
        string? id = null;
        while (response is PendingResponse pending)
        {
            id = pending.RequestId;
            response = await client.PollAsync(id, ct);
        }

        if (response is not CompletedResponse crash)
        {
            await Console.Error.WriteLineAsync(response is FailedResponse failed
                ? $"the sample crash was refused: {failed.Message}"
                : "the service could not process the sample crash; see its log above");
            return false;
        }

        bool colour = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
        CrashText.Write(Console.Out, colour ? Style.Ansi : Style.Plain, crash);
        Console.WriteLine();
        Console.WriteLine($"Answered in {watch.ElapsedMilliseconds} ms. The same by hand:");
        Console.WriteLine($"  curl -F upload_file_minidump=@{files.Dump} {address}minidump");
        Console.WriteLine($"  curl -F upload_file_minidump=@{files.Dump} '{address}minidump?timeout=0'   # answers a request_id at once");
        Console.WriteLine($"  curl {address}requests/{id ?? "REQUEST_ID"}");
        return true;
    }

    private static ServiceOptions Options(DemoFiles files)
    {
        var defaults = new ServiceOptions();
        return defaults with
        {
            Http = defaults.Http with { Bind = new IPEndPoint(IPAddress.Loopback, FreePort(defaults.Http.Bind.Port)) },
            Caches = defaults.Caches with { Directory = files.Cache },
            Logging = defaults.Logging with { Level = LogLevelName.Warn },
            Sources =
            [
                new FileSystemSourceConfig
                {
                    Id = "demo", Path = files.Symbols, Layout = new LayoutConfig { Type = LayoutType.Unified },
                },
            ],
        };
    }

    /// <summary>The usual port, or any free one when that is taken.</summary>
    private static int FreePort(int preferred)
    {
        foreach (int port in (ReadOnlySpan<int>)[preferred, 0])
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return ((IPEndPoint)probe.LocalEndPoint!).Port;
            }
            catch (SocketException)
            {
                // Taken: try any.
            }
        }

        return 0;
    }
}
