using System.Text;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Trail;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Tests.Hosting;

namespace Symbolicator.Service.Tests.Caching;

/// <summary>What happens to the cache directory while nobody looks.</summary>
public sealed class CacheDamageTests
{
    private static readonly CacheKey Key = new(CacheName.Objects, null, isPublic: false, "source: a\nlocation: b\n");

    [Theory]
    [InlineData("{\"time_created\": 9223372036854775807, \"status\": \"NotFound\"}")]
    [InlineData("{\"time_created\": -9223372036854775808, \"status\": \"NotFound\"}")]
    [InlineData("{\"time_created\": 1767225600, \"status\": \"Found\"}")]
    [InlineData("{\"time_created\": 1767225600, \"status\": 99}")]
    [InlineData("{\"time_created\": 1767225600, \"status\": \"Internal\"}")]
    [InlineData("{\"time_created\": \"yesterday\"}")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("{")]
    public async Task A_damaged_record_of_a_failure_is_not_believed(string record)
    {
        await using var service = await TestService.StartAsync(time: new ManualTime());
        Plant(service.Directory, ".miss.json", record);

        using var entry = await BuildAsync(service);

        Assert.Equal((ObjectStatus.Found, AnswerOrigin.Source), (entry.Answer.Status, entry.Answer.From));
    }

    [Theory]
    [InlineData("{\"time_created\": 9223372036854775807, \"length\": 7, \"crc32_c\": 1}")]
    [InlineData("{\"time_created\": -1, \"length\": 7, \"crc32_c\": 1}")]
    [InlineData("{\"time_created\": 0, \"length\": -1}")]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task A_damaged_description_of_a_file_costs_the_file_only(string record)
    {
        await using var service = await TestService.StartAsync();
        Plant(service.Directory, "", "planted");
        Plant(service.Directory, ".json", record);

        using var entry = await BuildAsync(service);

        Assert.Equal((ObjectStatus.Found, AnswerOrigin.Source), (entry.Answer.Status, entry.Answer.From));
    }

    [Fact]
    public async Task A_failure_from_the_future_is_not_believed_until_then()
    {
        var time = new ManualTime();
        await using var service = await TestService.StartAsync(time: time);
        long tomorrow = time.GetUtcNow().AddDays(1).ToUnixTimeSeconds();
        Plant(service.Directory, ".miss.json", $"{{\"time_created\": {tomorrow}, \"status\": \"NotFound\"}}");

        using var entry = await BuildAsync(service);

        Assert.Equal(ObjectStatus.Found, entry.Answer.Status);
    }

    [Fact]
    public async Task A_cache_directory_that_vanishes_is_made_again()
    {
        await using var service = await TestService.StartAsync();
        Directory.Delete(service.Directory, recursive: true);

        using (var first = await BuildAsync(service))
        {
            Assert.Equal((ObjectStatus.Found, AnswerOrigin.Source), (first.Answer.Status, first.Answer.From));
        }

        using var second = await BuildAsync(service);
        Assert.Equal((ObjectStatus.Found, AnswerOrigin.Disk), (second.Answer.Status, second.Answer.From));
    }

    [Fact]
    public async Task A_file_that_vanishes_before_it_is_published_is_one_failure_and_not_remembered()
    {
        await using var service = await TestService.StartAsync();
        var cache = service.Get<ArtifactCache>();

        using var gone = await cache.GetOrBuildAsync(Key, (output, _) =>
        {
            output.Write("content"u8);
            File.Delete(output.TempPath!);
            return Task.FromResult(new BuildOutcome(ObjectStatus.Found));
        }, default);
        using var again = await BuildAsync(service);

        Assert.Equal(ObjectStatus.Internal, gone.Answer.Status);
        Assert.Equal(ObjectStatus.Found, again.Answer.Status);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_written_to_costs_the_caching_only()
    {
        await using var service = await TestService.StartAsync();

        // A file where the directory should be: also the owner of everything cannot create in it.
        Directory.Delete(Path.Combine(service.Directory, "tmp"));
        File.WriteAllText(Path.Combine(service.Directory, "tmp"), "");

        using var entry = await BuildAsync(service);

        Assert.Equal(ObjectStatus.Found, entry.Answer.Status);
        Assert.True(entry.Bytes!.TrySlice(entry.Bytes.All, out var content));
        Assert.Equal("content", Encoding.UTF8.GetString(content));
        Assert.Contains("served without being cached", service.Logs.Text, StringComparison.Ordinal);
    }

    private static Task<CacheEntry> BuildAsync(TestService service) => service.Get<ArtifactCache>().GetOrBuildAsync(Key, (output, _) =>
    {
        output.Write("content"u8);
        return Task.FromResult(new BuildOutcome(ObjectStatus.Found));
    }, default);

    private static void Plant(string directory, string suffix, string content)
    {
        string path = Path.Combine(directory, Key.RelativePath) + suffix;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
