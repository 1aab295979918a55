using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Symbolicator.Service.Tests.Hosting;

/// <summary>A web server that fails as told: statuses, delays, drops, redirects.</summary>
internal sealed class FakeSymbolServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, IHeaderDictionary Headers)> _requests = new();

    private FakeSymbolServer(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single() + "/");

    /// <summary>All requests so far, with the headers that came.</summary>
    public IReadOnlyList<(string Path, IHeaderDictionary Headers)> Requests => [.. _requests];

    public static async Task<FakeSymbolServer> StartAsync(Func<HttpContext, Task> handler)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        var app = builder.Build();
        var server = new FakeSymbolServer(app);
        app.Run(context =>
        {
            server._requests.Enqueue((context.Request.Path, new HeaderDictionary(context.Request.Headers.ToDictionary())));
            return handler(context);
        });
        await app.StartAsync();
        return server;
    }

    /// <summary>Answers each request with the next status, the last one for ever.</summary>
    public static Task<FakeSymbolServer> WithStatusesAsync(params int[] statuses)
    {
        int next = -1;
        return StartAsync(context =>
        {
            context.Response.StatusCode = statuses[Math.Min(Interlocked.Increment(ref next), statuses.Length - 1)];
            return context.Response.WriteAsync("body");
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
