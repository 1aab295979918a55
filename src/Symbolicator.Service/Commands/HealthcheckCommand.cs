using System.CommandLine;
using System.Net;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Endpoints;

namespace Symbolicator.Service.Commands;

/// <summary><c>healthcheck</c>: asks a running service; prints OK or ERROR and exits with 0 or 1.</summary>
internal static class HealthcheckCommand
{
    public static Command Create(Option<string?> config)
    {
        var address = new Option<string?>("--addr") { Description = "Address and port of the service; default: the configured one.", HelpName = "IP:PORT" };
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait for the answer.", DefaultValueFactory = _ => 30 };
        var command = new Command("healthcheck", "Ask a running service whether it is well.") { address, timeout };
        command.SetAction((result, ct) =>
            RunAsync(EndpointOf(result.GetValue(address), result.GetValue(config)), result.GetValue(timeout), ct));
        return command;
    }

    private static IPEndPoint EndpointOf(string? address, string? config)
    {
        if (address is null)
        {
            return Dialled(ConfigFile.Load(config).Http.Bind);
        }

        return HttpOptions.TryParseEndpoint(address, out var endpoint)
            ? endpoint
            : throw new ConfigException("--addr: expected an IP address and a port");
    }

    /// <summary>A service that listens on all addresses is asked on the loopback one.</summary>
    private static IPEndPoint Dialled(IPEndPoint bind) =>
        bind.Address.Equals(IPAddress.Any) ? new IPEndPoint(IPAddress.Loopback, bind.Port)
        : bind.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.IPv6Loopback, bind.Port)
        : bind;

    private static async Task<int> RunAsync(IPEndPoint endpoint, int seconds, CancellationToken ct)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(Math.Max(1, seconds)) };
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://{endpoint}{HealthEndpoint.Path}"), ct);
            Console.WriteLine(answer.IsSuccessStatusCode ? "OK" : "ERROR");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            Console.WriteLine("ERROR");
            return 1;
        }
    }
}
