using System.Net;
using Symbolicator.Engine.Sources;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Tests.Configuration;

public sealed class ConfigFileTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["TOKEN"] = "s3cr3t", ["PORT"] = "4000" };

    [Fact]
    public void Without_a_file_the_documented_defaults_hold()
    {
        var options = Parse(null);

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 3021), options.Http.Bind);
        Assert.Null(options.Caches.Directory);
        Assert.Equal(200, options.Http.MaxConcurrentRequests);
        Assert.Equal(250L * 1024 * 1024, options.Http.CrashFileBodyBytes);
        Assert.Equal(55L * 1024 * 1024, options.Http.SymbolicateBodyBytes);
        Assert.Equal(TimeSpan.FromSeconds(5), options.Downloads.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(10), options.Downloads.HeadTimeout);
        Assert.Equal(TimeSpan.FromMinutes(5), options.Downloads.TotalTimeout);
        Assert.Equal(15L * 1024 * 1024 * 1024, options.Downloads.MaxBytes);
        Assert.False(options.Downloads.ConnectToReservedIps);
        Assert.Equal(TimeSpan.FromHours(24), options.Caches.Downloaded.MaxUnusedFor);
        Assert.Equal(TimeSpan.FromDays(7), options.Caches.Derived.MaxUnusedFor);
        Assert.Equal(TimeSpan.FromHours(1), options.Caches.Downloaded.RetryMissesAfter);
        Assert.Equal(TimeSpan.FromHours(24), options.Caches.Downloaded.RetryMissesAfterPublic);
        Assert.Equal(TimeSpan.FromSeconds(90), options.Jobs.ResultTtl);
        Assert.Equal(TimeSpan.FromMinutes(15), options.Jobs.MaxDuration);
        Assert.Empty(options.Sources);
        Assert.Empty(options.Warnings);
    }

    [Fact]
    public void In_a_container_it_listens_on_all_addresses_and_caches_in_the_volume()
    {
        var options = ConfigFile.Parse(null, _ => null, inDocker: true);

        Assert.Equal(new IPEndPoint(IPAddress.Any, 3021), options.Http.Bind);
        Assert.Equal("/data", options.Caches.Directory);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    public void An_empty_file_is_an_error(string yaml)
    {
        Assert.Contains("empty", Assert.Throws<ConfigException>(() => Parse(yaml)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bind: localhost", "bind (line 1)")]
    [InlineData("bind: 127.0.0.1", "bind (line 1)")]
    [InlineData("a: 1\nconnect_timeout: 5", "connect_timeout (line 2)")]
    [InlineData("connect_timeout: 0s", "connect_timeout (line 1)")]
    [InlineData("max_concurrent_requests: 0", "max_concurrent_requests (line 1)")]
    [InlineData("max_download_size: 3 apples", "max_download_size (line 1)")]
    [InlineData("logging: {level: loud}", "logging.level (line 1)")]
    [InlineData("connect_to_reserved_ips: maybe", "connect_to_reserved_ips (line 1)")]
    [InlineData("caches:\n  downloaded:\n    max_unused_for: soon", "caches.downloaded.max_unused_for (line 3)")]
    [InlineData("caches: 3", "caches (line 1)")]
    [InlineData("sources: {}", "sources (line 1)")]
    [InlineData("sources:\n  - {id: a, type: http}", "sources[0] (line 2)")]
    [InlineData("sources:\n  - {id: a, type: ftp, url: 'ftp://x/'}", "sources[0] (line 2)")]
    [InlineData("sources:\n  - {id: a, type: filesystem, path: /a}\n  - {id: a, type: filesystem, path: /b}", "sources[1] (line 3)")]
    [InlineData("cache_dir: '${NOT_SET}'", "NOT_SET")]
    [InlineData("cache_dir: '${TOKEN'", "without '}'")]
    [InlineData("- a\n- b", "not a mapping")]
    [InlineData("a: [", "not valid YAML")]
    [InlineData("a: 1\n---\nb: 2", "more than one document")]
    public void What_cannot_be_is_refused_with_the_place(string yaml, string expected)
    {
        Assert.Contains(expected, Assert.Throws<ConfigException>(() => Parse(yaml)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_keys_are_reported_with_the_nearest_known_one()
    {
        var options = Parse("conect_timeout: 3s\ncaches:\n  downloded:\n    max_unused_for: 1h\nzzzzzz: 1");

        Assert.Contains(options.Warnings, w => w.Contains("conect_timeout (line 1)", StringComparison.Ordinal) && w.Contains("'connect_timeout'", StringComparison.Ordinal));
        Assert.Contains(options.Warnings, w => w.Contains("caches.downloded (line 3)", StringComparison.Ordinal) && w.Contains("'downloaded'", StringComparison.Ordinal));
        Assert.Contains(options.Warnings, w => w.Contains("zzzzzz", StringComparison.Ordinal) && !w.Contains("mean", StringComparison.Ordinal));
        Assert.Equal(TimeSpan.FromSeconds(5), options.Downloads.ConnectTimeout);
    }

    [Theory]
    [InlineData("sentry_dsn: x", "sentry_dsn")]
    [InlineData("metrics: {statsd: 'a:1'}", "metrics")]
    [InlineData("shared_cache: {filesystem: {path: /x}}", "shared_cache")]
    [InlineData("deny_list_threshold: 3", "deny_list_threshold")]
    [InlineData("sources:\n  - {id: b, type: s3, bucket: c}", "sources[0]")]
    public void Keys_without_effect_are_named_at_start(string yaml, string key)
    {
        Assert.Contains(Parse(yaml).Warnings, w => w.StartsWith(key, StringComparison.Ordinal));
    }

    [Fact]
    public void Null_means_no_limit_where_there_can_be_none()
    {
        var options = Parse(
            "max_concurrent_requests: null\nobject_file_max_decompressed_section_size: ~\ncaches:\n  derived:\n    max_unused_for: null\ncache_dir: null");

        Assert.Null(options.Http.MaxConcurrentRequests);
        Assert.Equal(long.MaxValue, options.Limits.DecompressedSectionBytes);
        Assert.Null(options.Caches.Derived.MaxUnusedFor);
        Assert.Equal(TimeSpan.FromHours(1), options.Caches.Derived.RetryMissesAfter);
        Assert.Null(options.Caches.Directory);
    }

    [Fact]
    public void Placeholders_are_replaced_in_values_also_of_sources()
    {
        var options = Parse(
            "bind: 127.0.0.1:${PORT}\ncache_dir: '/var/$${x}'\nsources:\n  - id: corp\n    type: http\n    url: https://sym.example/a\n"
            + "    headers: {authorization: 'Bearer ${TOKEN}', x-number: 12}\n    layout: {type: ssqp, casing: lowercase}\n    is_public: true");

        Assert.Equal(4000, options.Http.Bind.Port);
        Assert.Equal("/var/${x}", options.Caches.Directory);
        var source = Assert.IsType<HttpSourceConfig>(Assert.Single(options.Sources));
        Assert.Equal("Bearer s3cr3t", source.Headers["authorization"]);
        Assert.Equal("12", source.Headers["x-number"]);
        Assert.Equal(LayoutType.Ssqp, source.Layout.Type);
        Assert.Equal(PathCasing.Lowercase, source.Layout.Casing);
        Assert.True(source.IsPublic);
    }

    [Fact]
    public void A_value_of_a_refused_source_is_not_in_the_message()
    {
        var e = Assert.Throws<ConfigException>(() => Parse("sources:\n  - {id: a, type: http, url: 'https://x/', headers: [\"${TOKEN}\"]}"));

        Assert.DoesNotContain("s3cr3t", e.Message, StringComparison.Ordinal);
    }

    private static ServiceOptions Parse(string? yaml) => ConfigFile.Parse(yaml, name => Variables.GetValueOrDefault(name), inDocker: false);
}
