using System.Globalization;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Tests.Hosting;

namespace Symbolicator.Service.Tests.Caching;

public sealed class CacheSweeperTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("symbolicator-test-").FullName;
    private readonly ManualTime _time = new();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("objects", 24, true)]
    [InlineData("objects", 25, false)]
    [InlineData("symcaches", 7 * 24, true)]
    [InlineData("symcaches", (7 * 24) + 1, false)]
    public void Files_go_with_their_descriptions_when_they_are_unused_for_too_long(string cache, int hours, bool kept)
    {
        string path = Plant(cache, "aa/bb/file", "content", hours);
        Plant(cache, "aa/bb/file.json", "{}", hours);

        var report = Sweep().Single(r => r.Cache == cache);

        Assert.Equal(kept, File.Exists(path));
        Assert.Equal(kept, File.Exists(path + ".json"));
        Assert.Equal(kept ? (0, 0, 2, 9) : (2, 9, 0, 0), (report.DeletedFiles, report.DeletedBytes, report.KeptFiles, report.KeptBytes));
        Assert.Equal(kept, Directory.Exists(Path.Combine(_root, cache, "aa")));
        Assert.True(Directory.Exists(Path.Combine(_root, cache)));
    }

    [Fact]
    public void A_dry_run_tells_the_same_and_deletes_nothing()
    {
        string path = Plant("objects", "aa/bb/file", "content", hours: 25);

        var dry = Sweep(dryRun: true);

        Assert.True(File.Exists(path));
        Assert.Equal(dry, Sweep());
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("NotFound", 59, true)]
    [InlineData("NotFound", 60, false)]
    [InlineData("Malformed", 61, true)]
    public void Failures_go_when_they_are_not_believed_any_more(string status, int minutes, bool kept)
    {
        long created = _time.GetUtcNow().AddMinutes(-minutes).ToUnixTimeSeconds();
        string path = Plant("objects", "aa/bb/file.miss.json", Miss(status, created), hours: 0);

        Sweep();

        Assert.Equal(kept, File.Exists(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"time_created\": 9223372036854775807, \"status\": \"NotFound\"}")]
    [InlineData("{\"time_created\": -9223372036854775808, \"status\": \"NotFound\"}")]
    [InlineData("{\"time_created\": 0, \"status\": 99}")]
    public void Damaged_records_are_deleted_and_do_not_end_the_sweep(string record)
    {
        string damaged = Plant("objects", "aa/bb/file.miss.json", record, hours: 0);
        string old = Plant("symcaches", "aa/bb/old", "content", hours: 24 * 8);

        Sweep();

        Assert.False(File.Exists(damaged));
        Assert.False(File.Exists(old));
    }

    [Fact]
    public void A_file_from_the_future_is_not_kept_for_ever()
    {
        string path = Plant("objects", "aa/bb/file", "content", hours: -24 * 365);

        Sweep();

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task A_running_service_sweeps_when_it_is_told_to()
    {
        Plant("objects", "aa/bb/file.miss.json", "{\"time_created\": 9223372036854775807}", hours: 0);
        string old = Plant("objects", "aa/bb/old", "content", hours: 25);
        await using var service = await TestService.StartAsync(
            o => o with { Caches = o.Caches with { CleanupEnabled = true, CleanupInterval = TimeSpan.FromMinutes(1) } }, _time, _root);
        for (int minute = 0; minute < 2400 && File.Exists(old); minute++)
        {
            // Its first wait may begin after the service answers.
            _time.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(50);
        }

        Assert.False(File.Exists(old));

        Assert.Equal("ok", await service.Client.GetStringAsync("/healthcheck"));
    }

    private IReadOnlyList<SweepReport> Sweep(bool dryRun = false) =>
        new CacheSweeper(_root, new CacheOptions { Directory = _root }, _time).Sweep(dryRun, default);

    private string Plant(string cache, string name, string content, int hours)
    {
        string path = Path.Combine(_root, cache, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime.AddHours(-hours));
        return path;
    }

    private static string Miss(string status, long created) =>
        string.Create(CultureInfo.InvariantCulture, $"{{\"time_created\": {created}, \"status\": \"{status}\"}}");
}
