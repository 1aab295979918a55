using System.Net;
using System.Net.Sockets;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Sources;

/// <summary>The destination may not be connected to.</summary>
internal sealed class RestrictedDestinationException() : IOException(OutboundPolicy.RestrictedText);

/// <summary>
/// Decides at connect time, on resolved addresses, where downloads may go: every hop of every redirect ends here, and
/// no name can resolve to one address for the check and to another for the connection.
/// </summary>
internal sealed class OutboundPolicy(DownloadOptions options, IHostResolver resolver)
{
    public const string RestrictedText = "destination is restricted";

    /// <summary>Only these may be asked for at all.</summary>
    public static bool IsAllowedScheme(Uri url) => url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps;

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="RestrictedDestinationException">The name has no address that may be connected to.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var addresses = await ResolveAsync(context.DnsEndPoint.Host, ct);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The addresses of a host that may be connected to; never empty.</summary>
    /// <exception cref="RestrictedDestinationException">There is none.</exception>
    public async Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct)
    {
        var all = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await resolver.ResolveAsync(host, ct);
        if (options.ConnectToReservedIps)
        {
            return all;
        }

        var allowed = Array.FindAll(all, ReservedAddresses.IsPublic);
        return allowed.Length > 0 ? allowed : throw new RestrictedDestinationException();
    }
}

/// <summary>Names to addresses.</summary>
internal interface IHostResolver
{
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct);
}

/// <summary>The resolver of the system.</summary>
internal sealed class SystemHostResolver : IHostResolver
{
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) => Dns.GetHostAddressesAsync(host, ct);
}
