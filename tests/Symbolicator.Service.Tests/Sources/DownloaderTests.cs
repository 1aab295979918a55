using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Symbolicator.Engine.Sources;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Sources;
using Symbolicator.Service.Tests.Hosting;

namespace Symbolicator.Service.Tests.Sources;

public sealed class DownloaderTests
{
    [Fact]
    public async Task A_file_is_streamed_with_the_headers_of_its_source()
    {
        await using var server = await FakeSymbolServer.StartAsync(context => context.Response.WriteAsync("symbols"));

        var (outcome, body) = await FetchAsync(new Uri(server.Url, "a/b"), headers: new() { ["X-Key"] = "planted" }, checksum: "SHA256:12");

        Assert.Equal(new FetchOutcome(FetchStatus.Found, 7, 200), outcome);
        Assert.Equal("symbols", body);
        var request = Assert.Single(server.Requests);
        Assert.Equal("/a/b", request.Path);
        Assert.Equal("planted", request.Headers["X-Key"]);
        Assert.Equal("SHA256:12", request.Headers["SymbolChecksum"]);
        Assert.Matches(@"^symbolicator/\d+\.\d+\.\d+$", request.Headers.UserAgent.ToString());
    }

    [Theory]
    [InlineData("X-Key", "a\r\nX-Evil: 1")]
    [InlineData("X-Key", "a\nX-Evil: 1")]
    [InlineData("X-Key", "a\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("X-Key", "a\0b")]
    [InlineData("X-Key", "\u00e9")]
    [InlineData("X-Evil: 1\r\nX-Key", "a")]
    [InlineData("X Evil", "a")]
    [InlineData("", "a")]
    [InlineData("Transfer-Encoding", "chunked")]
    [InlineData("transfer-encoding", "xchunked")]
    [InlineData("Content-Length", "5")]
    [InlineData("Connection", "upgrade")]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Expect", "100-continue")]
    public async Task A_header_that_could_write_another_request_is_left_out(string name, string value)
    {
        await using var server = await FakeSymbolServer.StartAsync(context => context.Response.WriteAsync("symbols"));

        var (outcome, _) = await FetchAsync(server.Url, headers: new() { [name] = value, ["X-Good"] = "good value" }, checksum: value);

        Assert.Equal(FetchStatus.Found, outcome.Status);
        var request = Assert.Single(server.Requests);
        Assert.Equal("good value", request.Headers["X-Good"]);
        string[] known = ["Host", "User-Agent", "Accept-Encoding", "X-Good", "SymbolChecksum"];
        Assert.Empty(request.Headers.Keys.Except(known, StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public void No_connection_is_made_past_the_policy()
    {
        using var message = Downloader.CreateMessage(
            new DownloadRequest(new Uri("https://symbols.example/"), new Dictionary<string, string>(), null, false, "http"), new Uri("https://symbols.example/a"));

        // Version 3 has no connect callback; "or higher" would follow what the server announces.
        Assert.True(message.Version < HttpVersion.Version30);
        Assert.NotEqual(HttpVersionPolicy.RequestVersionOrHigher, message.VersionPolicy);
    }

    [Fact]
    public void Credentials_are_for_their_scheme_host_and_port()
    {
        var request = new DownloadRequest(
            new Uri("https://symbols.example/"), new Dictionary<string, string> { ["Authorization"] = "Bearer planted" }, "planted", false, "http");

        foreach (string hop in new[] { "http://symbols.example/", "https://symbols.example:8443/", "https://other.example/", "https://symbols.example.other/" })
        {
            using var elsewhere = Downloader.CreateMessage(request, new Uri(hop));
            Assert.DoesNotContain("planted", elsewhere.ToString(), StringComparison.Ordinal);
        }

        using var same = Downloader.CreateMessage(request, new Uri("https://symbols.example:443/other"));
        Assert.Contains("planted", string.Concat(same.Headers.GetValues("Authorization")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_that_nobody_asked_for_is_no_file()
    {
        await using var server = await FakeSymbolServer.WithStatusesAsync(206);

        Assert.Equal(new FetchOutcome(FetchStatus.Failed, Detail: "download failed: 206 Partial Content"), (await FetchAsync(server.Url)).Outcome);
    }

    [Theory]
    [InlineData(400, FetchStatus.NotFound, 1, "400 Bad Request")]
    [InlineData(401, FetchStatus.Denied, 1, "401 Unauthorized")]
    [InlineData(403, FetchStatus.Denied, 1, "403 Forbidden")]
    [InlineData(404, FetchStatus.NotFound, 1, "404 Not Found")]
    [InlineData(410, FetchStatus.NotFound, 1, "410 Gone")]
    [InlineData(304, FetchStatus.Failed, 1, "download failed: 304 Not Modified")]
    [InlineData(408, FetchStatus.Failed, 3, "download failed: 408 Request Timeout")]
    [InlineData(429, FetchStatus.Failed, 3, "download failed: 429 Too Many Requests")]
    [InlineData(500, FetchStatus.Failed, 3, "download failed: 500 Internal Server Error")]
    [InlineData(503, FetchStatus.Failed, 3, "download failed: 503 Service Unavailable")]
    public async Task Statuses_decide_what_is_said_and_what_is_repeated(int status, object expected, int requests, string detail)
    {
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        var (outcome, _) = await FetchAsync(server.Url);

        Assert.Equal(expected, outcome.Status);
        Assert.Equal(status, outcome.HttpStatus);
        Assert.Equal(detail, outcome.Detail);
        Assert.Equal(requests, server.Requests.Count);
        Assert.Equal(requests, outcome.Attempts);
    }

    [Fact]
    public async Task A_second_attempt_starts_from_an_empty_file()
    {
        int attempts = 0;
        await using var server = await FakeSymbolServer.StartAsync(async context =>
        {
            context.Response.ContentLength = 10;
            if (Interlocked.Increment(ref attempts) == 1)
            {
                await context.Response.WriteAsync("12345");
                await context.Response.Body.FlushAsync();
                context.Abort();
                return;
            }

            await context.Response.WriteAsync("abcdefghij");
        });

        var (outcome, body) = await FetchAsync(server.Url);

        Assert.Equal(FetchStatus.Found, outcome.Status);
        Assert.Equal("abcdefghij", body);
    }

    [Fact]
    public async Task A_body_that_is_always_cut_short_is_a_failure()
    {
        await using var server = await FakeSymbolServer.StartAsync(async context =>
        {
            context.Response.ContentLength = 10;
            await context.Response.WriteAsync("12345");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });

        var (outcome, _) = await FetchAsync(server.Url);

        Assert.Equal(FetchStatus.Failed, outcome.Status);

        // The reset may overtake the headers.
        Assert.Matches("^download failed: (the answer was cut short or damaged|transport error)$", outcome.Detail);
        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [InlineData(10, FetchStatus.Found)]
    [InlineData(11, FetchStatus.Failed)]
    public async Task Ten_redirects_are_followed_and_not_one_more(int hops, object expected)
    {
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            int left = int.Parse(context.Request.Path.Value!.Trim('/'), System.Globalization.CultureInfo.InvariantCulture);
            if (left == 0)
            {
                return context.Response.WriteAsync("end");
            }

            context.Response.StatusCode = 302;
            context.Response.Headers.Location = $"/{left - 1}";
            return Task.CompletedTask;
        });

        var (outcome, _) = await FetchAsync(new Uri(server.Url, $"/{hops}"));

        Assert.Equal(expected, outcome.Status);
    }

    [Fact]
    public async Task Credentials_do_not_follow_a_redirect_to_another_host()
    {
        await using var other = await FakeSymbolServer.StartAsync(context => context.Response.WriteAsync("end"));
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = other.Url.AbsoluteUri;
            return Task.CompletedTask;
        });

        var (outcome, _) = await FetchAsync(server.Url, headers: new() { ["Authorization"] = "Bearer planted" });

        Assert.Equal(FetchStatus.Found, outcome.Status);
        Assert.Equal("Bearer planted", Assert.Single(server.Requests).Headers.Authorization);
        Assert.Empty(Assert.Single(other.Requests).Headers.Authorization.ToArray());
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[::1]:1/")]
    [InlineData("http://2130706433:1/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.com/")]
    [InlineData("gopher://127.0.0.1:70/_x")]
    public async Task Every_hop_of_a_redirect_passes_the_policy(string location)
    {
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = location;
            return Task.CompletedTask;
        });

        // The first hop is a name that passes; the connection really goes to the fake server.
        var (outcome, _) = await FetchAsync(
            new Uri($"http://symbols.example:{server.Url.Port}/"), change: o => o with { ConnectToReservedIps = false }, exempt: "symbols.example");

        Assert.Equal(FetchStatus.Failed, outcome.Status);
        Assert.Equal("download failed: destination is restricted", outcome.Detail);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_login_page_is_no_symbol_file()
    {
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            return context.Response.WriteAsync("\n<!DOCTYPE html><html>Sign in</html>");
        });

        var (outcome, body) = await FetchAsync(server.Url);

        Assert.Equal(new FetchOutcome(FetchStatus.Denied, 0, 200, "Potential login page detected"), outcome);
        Assert.Empty(body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_over_the_limit_is_given_up_at_once(bool announced)
    {
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            context.Response.ContentLength = announced ? 101 : null;
            return context.Response.WriteAsync(new string('x', 101));
        });

        var (outcome, _) = await FetchAsync(server.Url, change: o => o with { MaxBytes = 100 });

        Assert.Equal(FetchStatus.TooLarge, outcome.Status);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Compressed_transfer_is_undone_and_counts_unpacked()
    {
        byte[] packed = Gzip(new string('x', 5000));
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            return context.Response.Body.WriteAsync(packed).AsTask();
        });

        Assert.Equal(new string('x', 5000), (await FetchAsync(server.Url)).Body);
        Assert.Equal(FetchStatus.TooLarge, (await FetchAsync(server.Url, change: o => o with { MaxBytes = 4999 })).Outcome.Status);
    }

    [Fact]
    public async Task An_encoding_that_nobody_knows_is_a_failure()
    {
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            context.Response.Headers.ContentEncoding = "snappy";
            return context.Response.WriteAsync("x");
        });

        Assert.Equal("download failed: unsupported content encoding", (await FetchAsync(server.Url)).Outcome.Detail);
    }

    [Fact]
    public async Task A_server_that_never_answers_costs_the_head_timeout_for_each_attempt()
    {
        var time = new ManualTime();
        using var arrived = new SemaphoreSlim(0);
        await using var server = await FakeSymbolServer.StartAsync(async context =>
        {
            arrived.Release();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

        var fetch = FetchAsync(server.Url, time: time);
        for (int attempt = 0; attempt < 3; attempt++)
        {
            while (!await arrived.WaitAsync(TimeSpan.FromMilliseconds(20)))
            {
                time.Advance(TimeSpan.FromMilliseconds(20)); // the pause between two attempts
            }

            time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(new FetchOutcome(FetchStatus.TimedOut, Detail: "download timed out after 10s", Attempts: 3), (await fetch).Outcome);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task The_wish_of_the_server_to_be_asked_later_is_honoured()
    {
        var time = new ManualTime();
        int attempts = 0;
        await using var server = await FakeSymbolServer.StartAsync(context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref attempts) == 1 ? 429 : 200;
            context.Response.Headers.RetryAfter = "7";
            return context.Response.WriteAsync("x");
        });
        var started = time.GetUtcNow();

        var fetch = FetchAsync(server.Url, time: time);
        while (!fetch.IsCompleted)
        {
            await Task.WhenAny(fetch, Task.Delay(20));
            if (Volatile.Read(ref attempts) == 1)
            {
                time.Advance(TimeSpan.FromMilliseconds(100)); // no answer takes too long, however slow the machine
            }
        }

        Assert.Equal(FetchStatus.Found, (await fetch).Outcome.Status);
        Assert.True(time.GetUtcNow() - started >= TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task A_caller_that_gives_up_gets_no_outcome()
    {
        using var leaving = new CancellationTokenSource();
        await using var server = await FakeSymbolServer.StartAsync(async context =>
        {
            await leaving.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FetchAsync(server.Url, ct: leaving.Token));
    }

    [Fact]
    public async Task A_closed_port_is_a_failure_without_details_of_the_network()
    {
        var (outcome, _) = await FetchAsync(new Uri("http://127.0.0.1:1/"));

        Assert.Equal("download failed: cannot connect", outcome.Detail);
    }

    /// <param name="exempt">A name that connects to this machine, past the policy.</param>
    private static async Task<(FetchOutcome Outcome, string Body)> FetchAsync(
        Uri url, Dictionary<string, string>? headers = null, string? checksum = null, Func<DownloadOptions, DownloadOptions>? change = null,
        TimeProvider? time = null, string? exempt = null, CancellationToken ct = default)
    {
        var options = new DownloadOptions { ConnectToReservedIps = true };
        options = change?.Invoke(options) ?? options;
        var policy = new OutboundPolicy(options, new SystemHostResolver());
        using var clients = new DownloadClients(options, async (context, token) =>
        {
            if (context.DnsEndPoint.Host != exempt)
            {
                return await policy.ConnectAsync(context, token);
            }

            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, token);
            return new NetworkStream(socket, ownsSocket: true);
        });
        using var metrics = new TestMetrics();
        var downloader = new Downloader(clients, options, time ?? TimeProvider.System, metrics.Service);
        using var destination = new MemoryStream();
        var outcome = await downloader.FetchAsync(
            new DownloadRequest(url, headers ?? [], checksum, acceptInvalidCerts: false, "http"), destination, ct);
        return (outcome, Encoding.UTF8.GetString(destination.ToArray()));
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
