using System.Net;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Sources;

/// <summary>Pooled connections for downloads: one pool with verified certificates, one without.</summary>
internal sealed class DownloadClients : IDisposable
{
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectionAge = TimeSpan.FromMinutes(5);

    /// <param name="options">Timeouts.</param>
    /// <param name="connect">The only way out: <see cref="OutboundPolicy.ConnectAsync"/>.</param>
    public DownloadClients(DownloadOptions options, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect)
    {
        Verifying = Create(options, connect, acceptInvalidCerts: false);
        Trusting = Create(options, connect, acceptInvalidCerts: true);
    }

    public HttpMessageInvoker Verifying { get; }

    /// <summary>For sources with <c>accept_invalid_certs</c>.</summary>
    public HttpMessageInvoker Trusting { get; }

    public void Dispose()
    {
        Verifying.Dispose();
        Trusting.Dispose();
    }

    private static HttpMessageInvoker Create(
        DownloadOptions options, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect, bool acceptInvalidCerts)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = connect,
            ConnectTimeout = options.ConnectTimeout,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate | DecompressionMethods.Brotli,
            PooledConnectionIdleTimeout = IdleConnection,
            PooledConnectionLifetime = ConnectionAge,
            UseCookies = false,

            // A proxy would connect on our behalf, past the policy.
            UseProxy = false,
            ActivityHeadersPropagator = null,
        };
        if (acceptInvalidCerts)
        {
#pragma warning disable CA5359 // what the option says
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return new HttpMessageInvoker(handler);
    }
}
