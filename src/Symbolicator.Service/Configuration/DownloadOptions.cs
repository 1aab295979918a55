namespace Symbolicator.Service.Configuration;

/// <summary>Outbound connections for debug files.</summary>
internal sealed record DownloadOptions
{
    /// <summary>Allows private, loopback and other reserved destinations.</summary>
    public bool ConnectToReservedIps { get; init; }

    /// <summary>To establish one connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>To the headers of an answer, for each attempt.</summary>
    public TimeSpan HeadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two pieces of a body.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For one file, all attempts together.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of one file, also after decompression.</summary>
    public long MaxBytes { get; init; } = 15L << 30;

    /// <summary>Fetches that run at the same time, over all jobs.</summary>
    public int MaxConcurrent { get; init; } = 64;

    public static DownloadOptions Read(ConfigSection root)
    {
        var none = new DownloadOptions();
        root.WithoutEffect(
            "deny_list_enabled", "deny_list_time_window", "deny_list_bucket_size", "deny_list_threshold", "deny_list_block_time",
            "deny_list_never_block_hosts");
        return new DownloadOptions
        {
            ConnectToReservedIps = root.Flag("connect_to_reserved_ips", false),
            ConnectTimeout = root.Duration("connect_timeout", none.ConnectTimeout),
            HeadTimeout = root.Duration("head_timeout", none.HeadTimeout),
            IdleTimeout = root.Duration("idle_timeout", none.IdleTimeout),
            TotalTimeout = root.Duration("max_download_timeout", none.TotalTimeout),
            MaxBytes = root.Bytes("max_download_size", none.MaxBytes),
            MaxConcurrent = root.Integer("max_concurrent_downloads", none.MaxConcurrent, 1),
        };
    }
}
