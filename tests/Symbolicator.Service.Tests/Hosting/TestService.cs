using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Hosting;

namespace Symbolicator.Service.Tests.Hosting;

/// <summary>The service in this process, on a real port, with a cache directory of its own.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string? _ownedDirectory;

    private TestService(WebApplication app, string directory, bool ownsDirectory, LogCollector logs)
    {
        _app = app;
        Directory = directory;
        _ownedDirectory = ownsDirectory ? directory : null;
        Logs = logs;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromMinutes(2) };
    }

    public HttpClient Client { get; }

    public string Directory { get; }

    public LogCollector Logs { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="change">Changes the defaults, which allow loopback destinations.</param>
    /// <param name="time">Instead of the system's clock.</param>
    /// <param name="directory">An existing cache directory; a new one that is deleted at the end when null.</param>
    /// <param name="replace">Replaces services.</param>
    public static async Task<TestService> StartAsync(
        Func<ServiceOptions, ServiceOptions>? change = null, TimeProvider? time = null, string? directory = null,
        Action<IServiceCollection>? replace = null)
    {
        string root = directory ?? System.IO.Directory.CreateTempSubdirectory("symbolicator-test-").FullName;
        var options = new ServiceOptions
        {
            Http = new HttpOptions { Bind = new IPEndPoint(IPAddress.Loopback, 0) },
            Caches = new CacheOptions { Directory = root },
            Downloads = new DownloadOptions { ConnectToReservedIps = true },
            Cpu = new CpuOptions { QuickThreads = 2, BuildThreads = 2 },
        };
        var logs = new LogCollector();
        var app = ServiceHost.Build(change?.Invoke(options) ?? options, logs, services =>
        {
            if (time is not null)
            {
                services.AddSingleton(time);
            }

            replace?.Invoke(services);
        });
        await app.StartAsync();
        return new TestService(app, root, directory is null, logs);
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_ownedDirectory is not null)
        {
            System.IO.Directory.Delete(_ownedDirectory, recursive: true);
        }
    }
}
