using System.Buffers;
using System.Net;
using System.Reflection;
using Polly;
using Polly.Retry;
using Symbolicator.Engine.Sources;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Sources;

/// <summary>
/// Fetches one file: follows redirects hop by hop, repeats what may be repeated, keeps to deadlines and sizes. Every
/// expected failure is a value.
/// </summary>
internal sealed class Downloader
{
    private const string ChecksumHeader = "SymbolChecksum";
    private const int MaxRedirects = 10;
    private const int MaxRetries = 2;
    private const int BufferBytes = 128 << 10;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(30);
    private static readonly string UserAgent = "symbolicator/" + (Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "0");

    private readonly DownloadClients _clients;
    private readonly DownloadOptions _options;
    private readonly TimeProvider _time;
    private readonly ServiceMetrics _metrics;
    private readonly ResiliencePipeline<DownloadAnswer> _retries;

    public Downloader(DownloadClients clients, DownloadOptions options, TimeProvider time, ServiceMetrics metrics)
    {
        _clients = clients;
        _options = options;
        _time = time;
        _metrics = metrics;
        _retries = new ResiliencePipelineBuilder<DownloadAnswer> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<DownloadAnswer>
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Result.IsTransient),
                MaxRetryAttempts = MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = FirstDelay,
                UseJitter = true,
                DelayGenerator = static arguments => ValueTask.FromResult(arguments.Outcome.Result.RetryAfter),
            })
            .Build();
    }

    public async Task<FetchOutcome> FetchAsync(DownloadRequest request, Stream destination, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(_options.TotalTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        int attempts = 0;
        try
        {
            var answer = await _retries.ExecuteAsync(
                async token =>
                {
                    if (attempts++ > 0)
                    {
                        _metrics.DownloadRetried(request.SourceType);
                        destination.SetLength(0);
                    }

                    return await AttemptAsync(request, destination, token);
                },
                both.Token);
            return answer.Outcome with { Attempts = attempts };
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return DownloadAnswer.TimedOut(_options.TotalTimeout, isTransient: false).Outcome with { Attempts = attempts };
        }
    }

    private async Task<DownloadAnswer> AttemptAsync(DownloadRequest request, Stream destination, CancellationToken ct)
    {
        // Restarted by every header and every piece of the body.
        using var patience = new CancellationTokenSource(_options.HeadTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
        bool inBody = false;
        try
        {
            var url = request.Url;
            for (int hop = 0; hop <= MaxRedirects; hop++)
            {
                if (!OutboundPolicy.IsAllowedScheme(url))
                {
                    return DownloadAnswer.Refused(OutboundPolicy.RestrictedText);
                }

                using var response = await SendAsync(request, url, both.Token);
                if (NextHop(url, response) is not { } next)
                {
                    inBody = true;
                    return await ReceiveAsync(response, destination, patience, both.Token);
                }

                if (IsLoginRedirect(url, response.StatusCode))
                {
                    return DownloadAnswer.Login((int)response.StatusCode);
                }

                url = next;
                patience.CancelAfter(_options.HeadTimeout);
            }

            return DownloadAnswer.Refused("too many redirects");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Ours, or the connect timeout of the handler.
            var limit = !patience.IsCancellationRequested ? _options.ConnectTimeout : inBody ? _options.IdleTimeout : _options.HeadTimeout;
            return DownloadAnswer.TimedOut(limit, isTransient: true);
        }
        catch (Exception e) when (IsRestricted(e))
        {
            return DownloadAnswer.Refused(OutboundPolicy.RestrictedText);
        }
        catch (HttpRequestException e) when (!inBody)
        {
            return DownloadAnswer.Transport(Describe(e.HttpRequestError));
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException or InvalidDataException or BodyException)
        {
            return DownloadAnswer.Transport("the answer was cut short or damaged");
        }
    }

    private Task<HttpResponseMessage> SendAsync(DownloadRequest request, Uri url, CancellationToken ct) =>
        (request.AcceptInvalidCerts ? _clients.Trusting : _clients.Verifying).SendAsync(CreateMessage(request, url), ct);

    /// <summary>The request for one hop.</summary>
    internal static HttpRequestMessage CreateMessage(DownloadRequest request, Uri url)
    {
        // Never version 3: its connections are not made by our callback, so that an alternative service that a server
        // announces would be connected to past the policy.
        var message = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("User-Agent", UserAgent);

        // Credentials are for the host they were given for, not for whoever it redirects to.
        if (Uri.Compare(url, request.Url, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0)
        {
            foreach (var (name, value) in request.Headers.Where(header => OutgoingHeaders.MaySend(header.Key, header.Value)))
            {
                message.Headers.Remove(name);
                message.Headers.TryAddWithoutValidation(name, value);
            }

            if (request.Checksum is { } checksum && OutgoingHeaders.MaySend(ChecksumHeader, checksum))
            {
                message.Headers.TryAddWithoutValidation(ChecksumHeader, checksum);
            }
        }

        return message;
    }

    private async Task<DownloadAnswer> ReceiveAsync(
        HttpResponseMessage response, Stream destination, CancellationTokenSource patience, CancellationToken ct)
    {
        int status = (int)response.StatusCode;
        if (!response.IsSuccessStatusCode)
        {
            return DownloadAnswer.OfStatus(response.StatusCode, RetryAfterOf(response));
        }

        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            // We asked for all of it.
            return DownloadAnswer.Refused("206 Partial Content");
        }

        if (response.Content.Headers.ContentEncoding.Any(encoding => encoding is not "identity"))
        {
            return DownloadAnswer.Refused("unsupported content encoding");
        }

        if (response.Content.Headers.ContentLength > _options.MaxBytes)
        {
            return TooLarge(status);
        }

        patience.CancelAfter(_options.IdleTimeout);
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long total = 0;
            while (await ReadAsync(body, buffer, ct) is > 0 and var read)
            {
                if (total == 0 && IsHtml(response, buffer.AsSpan(0, read)))
                {
                    return DownloadAnswer.Login(status);
                }

                total += read;
                if (total > _options.MaxBytes)
                {
                    return TooLarge(status);
                }

                await destination.WriteAsync(buffer.AsMemory(0, read), ct);
                patience.CancelAfter(_options.IdleTimeout);
            }

            return new DownloadAnswer(new FetchOutcome(FetchStatus.Found, total, status));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Tells failures of the network from those of our disk, which are not for the server to answer for.</summary>
    private static async ValueTask<int> ReadAsync(Stream body, byte[] buffer, CancellationToken ct)
    {
        try
        {
            return await body.ReadAsync(buffer, ct);
        }
        catch (IOException e) when (e is not HttpIOException)
        {
            throw new BodyException(e);
        }
    }

    private DownloadAnswer TooLarge(int status) =>
        new(new FetchOutcome(FetchStatus.TooLarge, 0, status, $"larger than {_options.MaxBytes} bytes"));

    private TimeSpan? RetryAfterOf(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return wait is { } given ? TimeSpan.FromTicks(Math.Clamp(given.Ticks, 0, MaxRetryAfter.Ticks)) : null;
    }

    private static Uri? NextHop(Uri url, HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
        && Uri.TryCreate(url, response.Headers.Location, out var next)
            ? next
            : null;

    /// <summary>This host answers a missing login with a redirect to a page.</summary>
    private static bool IsLoginRedirect(Uri url, HttpStatusCode status) =>
        status == HttpStatusCode.Found && url.Host.Equals("dev.azure.com", StringComparison.OrdinalIgnoreCase);

    /// <summary>No debug file is HTML, whatever the status says.</summary>
    private static bool IsHtml(HttpResponseMessage response, ReadOnlySpan<byte> start) =>
        response.Content.Headers.ContentType?.MediaType is "text/html" && start.TrimStart(" \t\r\n\uFEFF"u8).StartsWith("<"u8);

    private static bool IsRestricted(Exception? e)
    {
        for (int depth = 0; e is not null && depth < 8; depth++, e = e.InnerException)
        {
            if (e is RestrictedDestinationException)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A closed set of texts: messages of the transport may name addresses.</summary>
    private static string Describe(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "the host name cannot be resolved",
        HttpRequestError.ConnectionError => "cannot connect",
        HttpRequestError.SecureConnectionError => "no secure connection",
        HttpRequestError.ResponseEnded or HttpRequestError.InvalidResponse => "no proper answer",
        _ => "transport error",
    };

    private sealed class BodyException(Exception inner) : Exception(null, inner);
}
