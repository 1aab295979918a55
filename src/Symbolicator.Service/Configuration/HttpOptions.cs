using System.Net;

namespace Symbolicator.Service.Configuration;

/// <summary>Where the service listens and how much it takes in.</summary>
internal sealed record HttpOptions
{
    public const int DefaultPort = 3021;

    public IPEndPoint Bind { get; init; } = new(IPAddress.Loopback, DefaultPort);

    /// <summary>Jobs that run at the same time; null for no limit.</summary>
    public int? MaxConcurrentRequests { get; init; } = 200;

    /// <summary>Body of <c>/minidump</c>, also after decompression.</summary>
    public long CrashFileBodyBytes { get; init; } = 250L << 20;

    /// <summary>Body of <c>/symbolicate</c>, also after decompression.</summary>
    public long SymbolicateBodyBytes { get; init; } = 55L << 20;

    /// <summary>How long running jobs may take to end after SIGTERM.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public static HttpOptions Read(ConfigSection root, bool inDocker)
    {
        var none = new HttpOptions();
        string bind = root.Text("bind", inDocker ? $"0.0.0.0:{DefaultPort}" : none.Bind.ToString());
        return new HttpOptions
        {
            Bind = TryParseEndpoint(bind, out var endpoint) ? endpoint : throw root.Error("bind", "an IP address and a port, such as '127.0.0.1:3021' or '[::1]:3021'"),
            MaxConcurrentRequests = root.OptionalInteger("max_concurrent_requests", none.MaxConcurrentRequests, 1),
            CrashFileBodyBytes = root.Bytes("crash_file_body_max_bytes", none.CrashFileBodyBytes),
            SymbolicateBodyBytes = root.Bytes("symbolicate_body_max_bytes", none.SymbolicateBodyBytes),
            ShutdownTimeout = root.Duration("shutdown_timeout", none.ShutdownTimeout),
        };
    }

    /// <summary>An address and a port, both given.</summary>
    public static bool TryParseEndpoint(string text, out IPEndPoint endpoint)
    {
        bool hasPort = text.Contains("]:", StringComparison.Ordinal) || text.Count(c => c == ':') == 1;
        bool parsed = IPEndPoint.TryParse(text, out var result);
        endpoint = result ?? new IPEndPoint(IPAddress.Loopback, 0);
        return hasPort && parsed;
    }
}
