namespace Symbolicator.Service.Configuration;

/// <summary>Ages at which entries of one category of caches are dropped; null means never.</summary>
/// <param name="MaxUnusedFor">Positive entries, since their last use.</param>
/// <param name="RetryMissesAfter">Failures other than malformed files.</param>
/// <param name="RetryMissesAfterPublic">The same for sources that are public.</param>
/// <param name="RetryMalformedAfter">Malformed files; also asked again once after each start.</param>
internal sealed record CacheAges(
    TimeSpan? MaxUnusedFor, TimeSpan? RetryMissesAfter, TimeSpan? RetryMissesAfterPublic, TimeSpan? RetryMalformedAfter)
{
    public static CacheAges Read(ConfigSection section, CacheAges whenAbsent) => new(
        section.OptionalDuration("max_unused_for", whenAbsent.MaxUnusedFor),
        section.OptionalDuration("retry_misses_after", whenAbsent.RetryMissesAfter),
        section.OptionalDuration("retry_misses_after_public", whenAbsent.RetryMissesAfterPublic),
        section.OptionalDuration("retry_malformed_after", whenAbsent.RetryMalformedAfter));
}

/// <summary>Section <c>caches</c> and the cache keys at the top level.</summary>
internal sealed record CacheOptions
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Null: a private temporary directory that is deleted at exit.</summary>
    public string? Directory { get; init; }

    public CacheAges Downloaded { get; init; } = new(Day, Hour, Day, Day);

    public CacheAges Derived { get; init; } = new(7 * Day, Hour, Day, Day);

    /// <summary>Managed memory of unwind tables.</summary>
    public long UnwindTableBytes { get; init; } = 400L << 20;

    /// <summary>Headers of files: ids and features.</summary>
    public long ObjectMetaBytes { get; init; } = 100L << 20;

    /// <summary>Address space of mapped symcaches; their pages belong to the system's file cache.</summary>
    public long SymCacheBytes { get; init; } = 16L << 30;

    public bool CleanupEnabled { get; init; }

    public TimeSpan CleanupInterval { get; init; } = TimeSpan.FromMinutes(15);

    public static CacheOptions Read(ConfigSection root, bool inDocker)
    {
        var none = new CacheOptions();
        var caches = root.Section("caches");
        var memory = caches.Section("in_memory");
        caches.WithoutEffect("index", "diagnostics");
        memory.WithoutEffect(
            "sentry_index_capacity", "sentry_index_ttl", "gcs_token_capacity", "s3_client_capacity", "fileinbundle_capacity",
            "source_index_capacity");
        return new CacheOptions
        {
            Directory = root.OptionalText("cache_dir", inDocker ? "/data" : null),
            Downloaded = CacheAges.Read(caches.Section("downloaded"), none.Downloaded),
            Derived = CacheAges.Read(caches.Section("derived"), none.Derived),
            UnwindTableBytes = memory.Bytes("cficaches_capacity", none.UnwindTableBytes),
            ObjectMetaBytes = memory.Bytes("object_meta_capacity", none.ObjectMetaBytes),
            SymCacheBytes = memory.Bytes("symcaches_capacity", none.SymCacheBytes),
            CleanupEnabled = root.Flag("enable_cache_cleanup", false),
            CleanupInterval = root.Duration("cache_cleanup_interval", none.CleanupInterval),
        };
    }
}
