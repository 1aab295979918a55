using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Model;
using Symbolicator.Service.Sources;
using Symbolicator.Service.Tests.Hosting;

namespace Symbolicator.Service.Tests.Objects;

/// <summary>The steps that the store reports, from the request to the converted file.</summary>
public sealed class CachingObjectStoreTests
{
    private const string Symbols =
        "MODULE Linux x86_64 3249D99D0C4049318610F4E4FB0B69360 app\nFILE 0 /src/app.c\nFUNC 1000 20 0 crash_here\n1000 20 42 0\n";

    private static readonly DebugId Id = DebugId.Parse("3249d99d-0c40-4931-8610-f4e4fb0b6936")!.Value;

    [Fact]
    public async Task Every_step_to_a_packed_file_is_told()
    {
        byte[] packed = Gzip(Symbols);
        int requests = 0;
        await using var server = await FakeSymbolServer.StartAsync(async context =>
        {
            if (Interlocked.Increment(ref requests) == 1)
            {
                context.Response.StatusCode = 503;
                return;
            }

            await context.Response.Body.WriteAsync(packed);
        });
        await using var service = await TestService.StartAsync();
        var (store, source) = Open(service, server);

        var stored = await FindAsync(store, source);

        var identity = new ObjectIdentity(FileFormat.Breakpad, Arch.Amd64, Id, null, "app");
        Assert.Equal(ObjectStatus.Found, stored.Status);
        Assert.Equal(identity, stored.Identity);
        Assert.Equal(
            [
                new LookupStep.Asked("web", stored.Location.Uri),
                new LookupStep.Answered(AnswerOrigin.Source, ObjectStatus.Found, 200, null),
                new LookupStep.Fetched(packed.Length, Elapsed(stored), 2),
                new LookupStep.Unpacked("gzip", packed.Length, Symbols.Length, null),
                new LookupStep.Identified(identity, stored.Features, Matches: true),
            ],
            stored.Steps);
        Assert.True(Elapsed(stored) > TimeSpan.Zero);

        using var lease = await store.GetSymCacheAsync(stored, CancellationToken.None);
        var converted = Assert.IsType<LookupStep.Converted>(Assert.Single(lease.Steps));
        Assert.Equal(("symcache", Symbols.Length), (converted.Artifact, converted.BytesIn));
    }

    [Fact]
    public async Task A_cached_answer_says_where_it_came_from_and_was_not_fetched()
    {
        await using var server = await FakeSymbolServer.StartAsync(context => context.Response.WriteAsync(Symbols));
        await using var service = await TestService.StartAsync();
        var (store, source) = Open(service, server);
        var first = await FindAsync(store, source);

        var second = await FindAsync(store, source);

        Assert.Equal(first.Identity, second.Identity);
        Assert.Equal(AnswerOrigin.Memory, Assert.Single(second.Steps.OfType<LookupStep.Answered>()).From);
        Assert.Empty(second.Steps.OfType<LookupStep.Fetched>());
        Assert.Single(second.Steps.OfType<LookupStep.Identified>());
    }

    [Fact]
    public async Task A_failure_tells_how_often_the_source_was_asked()
    {
        await using var server = await FakeSymbolServer.WithStatusesAsync(500);
        await using var service = await TestService.StartAsync();
        var (store, source) = Open(service, server);

        var stored = await FindAsync(store, source);

        Assert.Equal((ObjectStatus.Failed, null), (stored.Status, stored.Identity));
        Assert.Equal(500, Assert.Single(stored.Steps.OfType<LookupStep.Answered>()).HttpStatus);
        Assert.Equal(3, Assert.Single(stored.Steps.OfType<LookupStep.Fetched>()).Attempts);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_tells_where()
    {
        await using var server = await FakeSymbolServer.StartAsync(context => context.Response.WriteAsync("MODULE Linux\n"));
        await using var service = await TestService.StartAsync();
        var (store, source) = Open(service, server);

        var stored = await FindAsync(store, source);

        Assert.Equal((ObjectStatus.Malformed, null), (stored.Status, stored.Identity));
        Assert.Equal(FileFormat.Breakpad, Assert.Single(stored.Steps.OfType<LookupStep.Parsed>()).Format);
        Assert.Empty(stored.Steps.OfType<LookupStep.Identified>());
    }

    [Fact]
    public async Task Records_that_were_skipped_are_counted_and_the_first_is_placed()
    {
        int at = Symbols.Length;
        await using var server = await FakeSymbolServer.StartAsync(
            context => context.Response.WriteAsync(Symbols + "FUNC x 20 0 bad\nFUNC 2000 y 0 bad\n"));
        await using var service = await TestService.StartAsync();
        var (store, source) = Open(service, server);
        var stored = await FindAsync(store, source);

        using (var lease = await store.GetSymCacheAsync(stored, CancellationToken.None))
        {
            var fault = Assert.Single(lease.Steps.OfType<LookupStep.Parsed>());
            Assert.Equal((FileFormat.Breakpad, 2), (fault.Format, fault.FaultCount));
            Assert.InRange(fault.Fault.Offset, at, at + "FUNC x".Length);
        }

        // Also when nothing is converted any more.
        using var again = await store.GetSymCacheAsync(stored, CancellationToken.None);
        Assert.Equal(2, Assert.Single(again.Steps.OfType<LookupStep.Parsed>()).FaultCount);
    }

    private static (IObjectStore Store, ISymbolSource Source) Open(TestService service, FakeSymbolServer server) =>
        (service.Services.GetRequiredService<IObjectStore>(),
            service.Services.GetRequiredService<SourceFactory>().ForRequest([new HttpSourceConfig { Id = "web", Url = server.Url }])[0]);

    private static Task<StoredObject> FindAsync(IObjectStore store, ISymbolSource source)
    {
        var query = new ObjectQuery(ObjectType.Elf, FileType.Breakpad, null, "app", Id, "app");
        return store.GetObjectAsync(source, Assert.Single(source.Locate(query)), query, null, CancellationToken.None);
    }

    private static TimeSpan Elapsed(StoredObject stored) => Assert.Single(stored.Steps.OfType<LookupStep.Fetched>()).Elapsed;

    private static byte[] Gzip(string text)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
