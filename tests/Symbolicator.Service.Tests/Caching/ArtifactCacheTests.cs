using System.Text;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Tests.Hosting;

namespace Symbolicator.Service.Tests.Caching;

public sealed class ArtifactCacheTests
{
    private static readonly CacheKey Key = new(CacheName.Objects, null, isPublic: false, "source: a\nlocation: b\n");
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Two_hundred_callers_cost_one_build()
    {
        await using var service = await TestService.StartAsync();
        var cache = service.Get<ArtifactCache>();
        var release = new TaskCompletionSource();
        int builds = 0;

        var callers = Enumerable.Range(0, 200).Select(_ => cache.GetOrBuildAsync(Key, async (output, ct) =>
        {
            Interlocked.Increment(ref builds);
            await release.Task;
            return await WriteAsync(output, "content");
        }, default)).ToArray();
        release.SetResult();
        var entries = await Task.WhenAll(callers).WaitAsync(Guard);

        Assert.Equal(1, builds);
        Assert.All(entries, entry => Assert.Equal("content", TextOf(entry)));
        entries[0].Dispose();
        Assert.Equal("content", TextOf(entries[199]));
        Array.ForEach(entries, entry => entry.Dispose());
    }

    [Fact]
    public async Task Who_leaves_does_not_take_the_others_along()
    {
        await using var service = await TestService.StartAsync();
        var cache = service.Get<ArtifactCache>();
        using var leaving = new CancellationTokenSource();
        var release = new TaskCompletionSource();
        var started = new TaskCompletionSource();

        var first = cache.GetOrBuildAsync(Key, async (output, ct) =>
        {
            started.SetResult();
            await release.Task.WaitAsync(ct);
            return await WriteAsync(output, "content");
        }, leaving.Token);
        await started.Task.WaitAsync(Guard);
        var second = cache.GetOrBuildAsync(Key, (_, _) => throw new InvalidTimeZoneException(), default);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.SetResult();
        using var entry = await second.WaitAsync(Guard);
        Assert.Equal("content", TextOf(entry));
    }

    [Fact]
    public async Task A_restart_uses_the_files_of_the_last_process()
    {
        string directory = Directory.CreateTempSubdirectory("symbolicator-test-").FullName;
        try
        {
            await using (var first = await TestService.StartAsync(directory: directory))
            {
                using var built = await first.Get<ArtifactCache>().GetOrBuildAsync(Key, (output, _) => WriteAsync(output, "content", "{}"), default);
                Assert.Equal(AnswerOrigin.Source, built.Answer.From);
                File.WriteAllText(Path.Combine(directory, "tmp", "left"), "half written");
            }

            await using var second = await TestService.StartAsync(directory: directory);
            using var found = await second.Get<ArtifactCache>().GetOrBuildAsync(Key, (_, _) => throw new InvalidTimeZoneException(), default);
            Assert.Equal(AnswerOrigin.Disk, found.Answer.From);
            Assert.Equal("{}", found.Answer.Facts);
            Assert.Equal("content", TextOf(found));
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(directory, "tmp")));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>What an older version could not read, a newer one may: what says something of the file ends with the process.</summary>
    [Theory]
    [InlineData(ObjectStatus.Unsupported, AnswerOrigin.Source)]
    [InlineData(ObjectStatus.Malformed, AnswerOrigin.Source)]
    [InlineData(ObjectStatus.TooLarge, AnswerOrigin.Source)]
    [InlineData(ObjectStatus.WrongFile, AnswerOrigin.Source)]
    [InlineData(ObjectStatus.NotFound, AnswerOrigin.Disk)]
    public async Task A_restart_forgets_which_files_could_not_be_read(ObjectStatus status, AnswerOrigin expected)
    {
        string directory = Directory.CreateTempSubdirectory("symbolicator-test-").FullName;
        try
        {
            AnswerOrigin from = default;
            for (int process = 0; process < 2; process++)
            {
                await using var service = await TestService.StartAsync(directory: directory);
                using var entry = await service.Get<ArtifactCache>().GetOrBuildAsync(Key, (_, _) => Task.FromResult(new BuildOutcome(status)), default);
                from = entry.Answer.From;
            }

            Assert.Equal(expected, from);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("contenT")]
    [InlineData("conten")]
    [InlineData("content!")]
    [InlineData("")]
    public async Task A_damaged_file_is_made_again_and_not_served(string damaged)
    {
        string directory = Directory.CreateTempSubdirectory("symbolicator-test-").FullName;
        try
        {
            await using (var first = await TestService.StartAsync(directory: directory))
            {
                (await first.Get<ArtifactCache>().GetOrBuildAsync(Key, (output, _) => WriteAsync(output, "content"), default)).Dispose();
            }

            File.WriteAllText(Path.Combine(directory, Key.RelativePath), damaged);
            await using var second = await TestService.StartAsync(directory: directory);
            using var entry = await second.Get<ArtifactCache>().GetOrBuildAsync(Key, (output, _) => WriteAsync(output, "again"), default);

            Assert.Equal("again", TextOf(entry));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData(ObjectStatus.NotFound, 3600)]
    [InlineData(ObjectStatus.Denied, 3600)]
    [InlineData(ObjectStatus.TimedOut, 300)]
    [InlineData(ObjectStatus.Failed, 300)]
    [InlineData(ObjectStatus.Malformed, 86_400)]
    [InlineData(ObjectStatus.WrongFile, 86_400)]
    [InlineData(ObjectStatus.TooLarge, 86_400)]
    public async Task A_failure_is_believed_for_as_long_as_its_kind_allows(ObjectStatus status, int seconds)
    {
        var time = new ManualTime();
        await using var service = await TestService.StartAsync(time: time);
        var cache = service.Get<ArtifactCache>();
        int builds = 0;
        Task<CacheEntry> AskAsync() => cache.GetOrBuildAsync(Key, (_, _) =>
        {
            builds++;
            return Task.FromResult(new BuildOutcome(status, "why", 404));
        }, default);

        using (var first = await AskAsync())
        {
            Assert.Equal((status, AnswerOrigin.Source), (first.Answer.Status, first.Answer.From));
        }

        time.Advance(TimeSpan.FromSeconds(seconds - 1));
        using (var second = await AskAsync())
        {
            Assert.Equal((status, "why", (int?)404, AnswerOrigin.Disk), (second.Answer.Status, second.Answer.Detail, second.Answer.HttpStatus, second.Answer.From));
            Assert.Equal(1, builds);
        }

        time.Advance(TimeSpan.FromSeconds(1));
        (await AskAsync()).Dispose();
        Assert.Equal(2, builds);
    }

    [Fact]
    public async Task A_bug_is_not_remembered_and_a_malformed_file_is_a_status()
    {
        await using var service = await TestService.StartAsync();
        var cache = service.Get<ArtifactCache>();

        using var bug = await cache.GetOrBuildAsync(Key, (_, _) => throw new InvalidTimeZoneException(), default);
        using var malformed = await cache.GetOrBuildAsync(
            Key, (_, _) => throw new MalformedFileException(FileFormat.Elf, new ParseFault(MalformedReason.Truncated, 7)), default);

        Assert.Equal(ObjectStatus.Internal, bug.Answer.Status);
        Assert.Equal(ObjectStatus.Malformed, malformed.Answer.Status);
        Assert.Contains("InvalidTimeZoneException", service.Logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_moves_the_output_to_memory_and_nothing_is_lost()
    {
        using var output = new CacheOutput("/dev/full", memoryLimit: 100);
        output.Write("header--"u8);
        output.Write("body"u8);
        output.Position = 0;
        output.Write("HEADER"u8);

        Assert.True(output.IsInMemory);
        Assert.False(output.TrySync());
        using var bytes = output.Open();
        Assert.True(bytes.TrySlice(bytes.All, out var content));
        Assert.Equal("HEADER--body", Encoding.UTF8.GetString(content));
        output.Position = 90;
        Assert.Throws<IOException>(() => output.Write(new byte[11]));
    }

    [Fact]
    public void Keys_cannot_imitate_each_other()
    {
        Assert.Equal($"objects/v{CacheName.Objects.Version}/{Key.Hash[..2]}/{Key.Hash[2..4]}/{Key.Hash[4..]}", Key.RelativePath);
        Assert.NotEqual(Key.Hash, new CacheKey(CacheName.Objects, null, false, Key.Text + " ").Hash);
    }

    private static async Task<BuildOutcome> WriteAsync(CacheOutput output, string text, string? facts = null)
    {
        await output.WriteAsync(Encoding.UTF8.GetBytes(text));
        return new BuildOutcome(ObjectStatus.Found, Facts: facts);
    }

    private static string TextOf(CacheEntry entry)
    {
        Assert.True(entry.Bytes!.TrySlice(entry.Bytes.All, out var content));
        return Encoding.UTF8.GetString(content);
    }
}
