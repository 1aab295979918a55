using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Symbolicator.Engine.Contracts;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Jobs;
using Symbolicator.Service.Tests.Hosting;

namespace Symbolicator.Service.Tests.Endpoints;

public sealed class SymbolicateEndpointTests
{
    private const string DebugId = "3249d99d-0c40-4931-8610-f4e4fb0b6936";

    private const string Symbols =
        "MODULE Linux x86_64 3249D99D0C4049318610F4E4FB0B69360 app\nFILE 0 /src/app.c\nFUNC 1000 20 0 crash_here\n1000 20 42 0\n";

    [Fact]
    public async Task A_stack_is_symbolicated_with_a_file_from_the_web()
    {
        await using var server = await FakeSymbolServer.StartAsync(ServeSymbolsAsync);
        await using var service = await TestService.StartAsync();

        var answer = await PostAsync(service, Request(server.Url));

        var frame = answer.RootElement.GetProperty("stacktraces")[0].GetProperty("frames")[0];
        Assert.Equal("symbolicated", frame.GetProperty("status").GetString());
        Assert.Equal("crash_here", frame.GetProperty("symbol").GetString());
        Assert.Equal(42, frame.GetProperty("lineno").GetInt32());
        Assert.Equal("/src/app.c", frame.GetProperty("abs_path").GetString());
        Assert.Equal("found", answer.RootElement.GetProperty("modules")[0].GetProperty("debug_status").GetString());
        Assert.Equal("candidates", answer.RootElement.GetProperty("modules")[0].EnumerateObject().Last().Name);
    }

    [Fact]
    public async Task Two_hundred_requests_cost_one_download_of_each_place()
    {
        await using var server = await FakeSymbolServer.StartAsync(ServeSymbolsAsync);
        await using var service = await TestService.StartAsync(o => o with { Http = o.Http with { MaxConcurrentRequests = null } });

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => PostAsync(service, Request(server.Url))));

        Assert.All(answers, answer => Assert.Equal(
            "crash_here", answer.RootElement.GetProperty("stacktraces")[0].GetProperty("frames")[0].GetProperty("symbol").GetString()));
        Assert.Equal(server.Requests.Count, server.Requests.Select(request => request.Path).Distinct().Count());
        Assert.Contains("symbolicator_build_duration_seconds_count{artifact=\"symcache\",outcome=\"found\"} 1\n",
            await service.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_with_another_id_gives_no_names()
    {
        await using var server = await FakeSymbolServer.StartAsync(
            context => context.Request.Path.Value!.EndsWith(".sym", StringComparison.Ordinal)
                ? context.Response.WriteAsync(Symbols.Replace("3249D99D", "4249D99D", StringComparison.Ordinal))
                : NotFoundAsync(context));
        await using var service = await TestService.StartAsync();

        var answer = await PostAsync(service, Request(server.Url));

        Assert.Equal("missing", answer.RootElement.GetProperty("stacktraces")[0].GetProperty("frames")[0].GetProperty("status").GetString());
        Assert.Contains("wrong file", answer.RootElement.GetProperty("modules")[0].GetProperty("candidates").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scopes_do_not_see_each_others_files()
    {
        await using var server = await FakeSymbolServer.StartAsync(ServeSymbolsAsync);
        await using var service = await TestService.StartAsync();

        await PostAsync(service, Request(server.Url), "?scope=a");
        int once = server.Requests.Count;
        await PostAsync(service, Request(server.Url), "?scope=a");
        Assert.Equal(once, server.Requests.Count);
        await PostAsync(service, Request(server.Url), "?scope=global");
        Assert.Equal(2 * once, server.Requests.Count);
        await PostAsync(service, Request(server.Url));
        Assert.Equal(3 * once, server.Requests.Count);
    }

    [Theory]
    [InlineData("{", "application/json", 400)]
    [InlineData("", "application/json", 400)]
    [InlineData("{} {}", "application/json", 400, true)]
    [InlineData("[]", "application/json", 422)]
    [InlineData("{\"signal\":-1}", "application/json", 422)]
    [InlineData("{\"stacktraces\":[{}]}", "application/json", 422)]
    [InlineData("{\"modules\":[{}]}", "application/json", 422)]
    [InlineData("{\"sources\":[{\"id\":\"a\",\"type\":\"ftp\"}]}", "application/json", 422)]
    [InlineData("{}", "text/plain", 415)]
    [InlineData("{}", null, 415)]
    public async Task What_cannot_be_read_is_told_as_text(string body, string? type, int status, bool eitherError = false)
    {
        await using var service = await TestService.StartAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);

        using var answer = await service.Client.PostAsync("/symbolicate", content);

        Assert.True((int)answer.StatusCode == status || (eitherError && (int)answer.StatusCode == 422), answer.StatusCode.ToString());
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_folder_of_this_machine_cannot_be_named_by_a_request()
    {
        await using var service = await TestService.StartAsync();

        using var answer = await service.Client.PostAsync(
            "/symbolicate", Json("{\"sources\":[{\"id\":\"a\",\"type\":\"filesystem\",\"path\":\"/etc\"}]}"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(
            "{\"detail\":\"sources of type filesystem may only be named by the configuration file\"}", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_is_refused_also_when_it_is_compressed(bool compressed)
    {
        await using var service = await TestService.StartAsync(o => o with { Http = o.Http with { SymbolicateBodyBytes = 1000 } });
        string body = $"{{\"platform\":\"{new string('x', 1000)}\"}}";
        using var content = compressed ? Gzip(body) : Json(body);

        using var answer = await service.Client.PostAsync("/symbolicate", content);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task Compressed_bodies_are_read()
    {
        await using var service = await TestService.StartAsync();

        using var answer = await service.Client.PostAsync("/symbolicate", Gzip("{\"stacktraces\":[]}"));

        Assert.Equal("{\"status\":\"completed\",\"stacktraces\":[],\"modules\":[]}", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Zstandard_bodies_are_read_and_leave_no_file()
    {
        await using var service = await TestService.StartAsync();

        using var answer = await service.Client.PostAsync("/symbolicate", Zstd("KLUv/QRokQAAeyJzdGFja3RyYWNlcyI6W119/sFzaA=="));

        Assert.Equal("{\"status\":\"completed\",\"stacktraces\":[],\"modules\":[]}", await answer.Content.ReadAsStringAsync());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(service.Directory, "tmp")));
    }

    [Fact]
    public async Task A_Zstandard_body_counts_unpacked()
    {
        await using var service = await TestService.StartAsync(o => o with { Http = o.Http with { SymbolicateBodyBytes = 1000 } });

        // {"platform":"xxx…"} of 3015 bytes.
        using var answer = await service.Client.PostAsync("/symbolicate", Zstd("KLUv/QRovQAAgHsicGxhdGZvcm0iOiJ4In0BALTzgRLsdHu5"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task A_body_that_is_not_compressed_as_it_says_is_refused(string encoding)
    {
        await using var service = await TestService.StartAsync();
        using var content = Json("{\"stacktraces\":[]}");
        content.Headers.ContentEncoding.Add(encoding);

        using var answer = await service.Client.PostAsync("/symbolicate", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(service.Directory, "tmp")));
    }

    [Fact]
    public async Task A_directory_that_takes_no_upload_is_our_fault()
    {
        await using var service = await TestService.StartAsync();
        Directory.Delete(Path.Combine(service.Directory, "tmp"));
        File.WriteAllText(Path.Combine(service.Directory, "tmp"), "");

        using var answer = await service.Client.PostAsync("/symbolicate", Zstd("KLUv/QRokQAAeyJzdGFja3RyYWNlcyI6W119/sFzaA=="));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("{\"detail\":\"the upload cannot be stored\"}", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("libstdc++.so.6", "libstdc++.so.6")]
    [InlineData("a b%20c?d#e", "a%20b%2520c%3Fd%23e")]
    [InlineData("@!$&'()*,;=:~[]|^", "@!$&'()*,;=:~[]|^")]
    [InlineData("\u00e9{}`<>\"", "%C3%A9%7B%7D%60%3C%3E%22")]
    public async Task Locations_escape_what_the_URL_standard_escapes_in_a_path_segment(string name, string escaped)
    {
        await using var server = await FakeSymbolServer.StartAsync(NotFoundAsync);
        await using var service = await TestService.StartAsync();

        var answer = await PostAsync(service, Request(server.Url).Replace("\"app\"", JsonSerializer.Serialize(name), StringComparison.Ordinal));

        string expected = $"{server.Url.AbsoluteUri}{escaped}/3249D99D0C4049318610F4E4FB0B69360/{escaped}.sym";
        Assert.Contains(expected, Locations(answer));
        Assert.Contains(server.Requests, request => request.Path == new PathString($"/{name}/3249D99D0C4049318610F4E4FB0B69360/{name}.sym").ToString());
    }

    [Fact]
    public async Task A_compressed_file_of_a_source_is_unpacked_into_the_cache()
    {
        byte[] packed = await Gzip(Symbols).ReadAsByteArrayAsync();
        await using var server = await FakeSymbolServer.StartAsync(context =>
            context.Request.Path.Value!.EndsWith("/app.sym", StringComparison.Ordinal) ? context.Response.Body.WriteAsync(packed).AsTask() : NotFoundAsync(context));
        await using var service = await TestService.StartAsync();

        var answer = await PostAsync(service, Request(server.Url));

        Assert.Equal("crash_here", answer.RootElement.GetProperty("stacktraces")[0].GetProperty("frames")[0].GetProperty("symbol").GetString());
        Assert.Contains(
            Directory.EnumerateFiles(Path.Combine(service.Directory, "objects"), "*", SearchOption.AllDirectories), file => File.ReadAllText(file) == Symbols);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(service.Directory, "tmp")));
    }

    [Fact]
    public async Task Jobs_that_do_not_end_are_answered_as_failed_before_the_service_stops()
    {
        var time = new ManualTime();
        var processor = new HeldProcessor();
        await using var service = await StartAsync(processor, time);
        var answer = PostAsync(service, "{}");
        await processor.Started.Task;

        var stop = service.StopAsync();
        time.Advance(TimeSpan.FromSeconds(24));

        var failed = (await answer).RootElement;
        await stop.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal("failed", failed.GetProperty("status").GetString());
        Assert.Contains("shutting down", failed.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, service.Get<AdmissionControl>().Running);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(service.Directory, "jobs"), "result.json", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(-30)]
    [InlineData(30)]
    public async Task Setting_the_clock_neither_ends_nor_prolongs_a_result(int days)
    {
        var time = new ManualTime();
        var processor = new HeldProcessor();
        await using var service = await StartAsync(processor, time);
        var pending = await PostAsync(service, "{}", "?timeout=0");
        string url = "/requests/" + pending.RootElement.GetProperty("request_id").GetString();
        processor.Release.SetResult(new FailedResponse { Message = "no" });
        await service.Client.GetStringAsync(url);

        time.SetClock(TimeSpan.FromDays(days));
        Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync(url)).StatusCode);
        time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(HttpStatusCode.NotFound, (await service.Client.GetAsync(url)).StatusCode);
    }

    [Fact]
    public async Task Results_that_the_disk_does_not_take_are_answered_and_few_are_kept()
    {
        var processor = new HeldProcessor();
        await using var service = await StartAsync(processor, TimeProvider.System);
        processor.Release.SetResult(new FailedResponse { Message = "kept" });
        string jobs = Path.Combine(service.Directory, "jobs");
        Directory.Delete(jobs);
        File.WriteAllText(jobs, "");
        var tracker = service.Get<JobTracker>();
        var all = new List<Job>();
        for (int i = 0; i < JobTracker.MaxUnstored + 1; i++)
        {
            var job = await tracker.SubmitAsync(Guid.NewGuid(), new SymbolicateWork(null, new SymbolicateRequest(), []), service.Get<AdmissionControl>().TryEnter()!);
            await job.Finished;
            all.Add(job);
        }

        Assert.Equal("{\"status\":\"failed\",\"message\":\"kept\"}", (await PostAsync(service, "{}")).RootElement.GetRawText());
        Assert.Contains("is gone", await service.Client.GetStringAsync($"/requests/{all[0].Id}"), StringComparison.Ordinal);
        Assert.Contains("kept", await service.Client.GetStringAsync($"/requests/{all[^1].Id}"), StringComparison.Ordinal);
        Assert.Equal(0, service.Get<AdmissionControl>().Running);
    }

    [Theory]
    [InlineData(126, HttpStatusCode.OK)]
    [InlineData(127, HttpStatusCode.OK)]
    [InlineData(128, HttpStatusCode.BadRequest)]
    [InlineData(1_000_000, HttpStatusCode.BadRequest)]
    public async Task Nesting_is_bounded_where_the_reference_bounds_it(int depth, HttpStatusCode status)
    {
        await using var service = await TestService.StartAsync();

        using var answer = await service.Client.PostAsync(
            "/symbolicate", Json($"{{\"unknown\":{new string('[', depth)}{new string(']', depth)}}}"));

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task A_second_service_does_not_take_the_directory_of_a_running_one()
    {
        await using var first = await TestService.StartAsync();

        var refused = await Assert.ThrowsAsync<ConfigException>(() => TestService.StartAsync(directory: first.Directory));

        Assert.Equal("cache_dir: in use by another running service", refused.Message);
        await PostAsync(first, "{}");
    }

    [Fact]
    public async Task A_timeout_that_is_no_number_is_refused_as_text()
    {
        await using var service = await TestService.StartAsync();

        using var answer = await service.Client.PostAsync("/symbolicate?timeout=soon", Json("{}"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Planted_secrets_reach_neither_disk_nor_logs_nor_answers()
    {
        await using var server = await FakeSymbolServer.StartAsync(NotFoundAsync);
        await using var service = await TestService.StartAsync();
        string url = new UriBuilder(server.Url) { UserName = "user", Password = "planted-password", Query = "sig=planted-query" }.Uri.AbsoluteUri;
        string request = Request(server.Url).Replace(server.Url.AbsoluteUri, url, StringComparison.Ordinal)
            .Replace("\"layout\"", "\"headers\":{\"X-Key\":\"planted-header\"},\"layout\"", StringComparison.Ordinal)
            .Replace("\"options\"", "\"scraping\":{\"enabled\":true,\"allowed_origins\":[],\"headers\":{\"a\":\"planted-scraping\"}},\"options\"", StringComparison.Ordinal);

        var answer = await PostAsync(service, request);

        Assert.Contains(server.Requests, r => r.Headers["X-Key"] == "planted-header" && r.Headers.Authorization.ToString().StartsWith("Basic ", StringComparison.Ordinal));
        Assert.DoesNotContain("planted", answer.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("planted", service.Logs.Text, StringComparison.Ordinal);
        foreach (string file in Directory.EnumerateFiles(service.Directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("/lock", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain("planted", Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_running_job_is_pending_then_polled_repeatedly_then_forgotten()
    {
        var time = new ManualTime();
        var processor = new HeldProcessor();
        await using var service = await StartAsync(processor, time);

        var pending = await PostAsync(service, "{}", "?timeout=0");
        Assert.Equal("pending", pending.RootElement.GetProperty("status").GetString());
        Assert.Equal(30, pending.RootElement.GetProperty("retry_after").GetInt32());
        string id = pending.RootElement.GetProperty("request_id").GetString()!;
        Assert.True(Guid.TryParseExact(id, "D", out _));

        processor.Release.SetResult(new FailedResponse { Message = "no" });
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("{\"status\":\"failed\",\"message\":\"no\"}", await service.Client.GetStringAsync($"/requests/{id}"));
        }

        time.Advance(TimeSpan.FromSeconds(89));
        Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync($"/requests/{id}")).StatusCode);
        time.Advance(TimeSpan.FromSeconds(1));
        using var gone = await service.Client.GetAsync($"/requests/{id}");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Empty(await gone.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("00000000-0000-4000-8000-000000000000")]
    [InlineData("not-an-id")]
    public async Task An_unknown_job_is_not_found(string id)
    {
        await using var service = await TestService.StartAsync();

        using var answer = await service.Client.GetAsync($"/requests/{id}");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_job_that_takes_too_long_ends_with_a_timeout()
    {
        var time = new ManualTime();
        var processor = new HeldProcessor();
        await using var service = await StartAsync(processor, time);

        var answer = PostAsync(service, "{}");
        await processor.Started.Task;
        time.Advance(TimeSpan.FromMinutes(15));

        Assert.Equal("{\"status\":\"timeout\"}", (await answer).RootElement.GetRawText());
        Assert.Equal(0, service.Get<AdmissionControl>().Running);
    }

    [Fact]
    public async Task A_bug_ends_the_job_and_frees_its_place()
    {
        var processor = new HeldProcessor();
        await using var service = await StartAsync(processor, TimeProvider.System);
        processor.Release.SetException(new InvalidTimeZoneException());

        Assert.Equal("{\"status\":\"internal_error\"}", (await PostAsync(service, "{}")).RootElement.GetRawText());
        Assert.Equal(0, service.Get<AdmissionControl>().Running);
    }

    [Fact]
    public async Task Too_many_jobs_are_refused_with_a_hint()
    {
        var processor = new HeldProcessor();
        await using var service = await StartAsync(processor, TimeProvider.System, maxConcurrent: 1);
        await PostAsync(service, "{}", "?timeout=0");

        using var refused = await service.Client.PostAsync("/symbolicate", Json("{}"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("{\"detail\":\"maximum number of concurrent requests reached\"}", await refused.Content.ReadAsStringAsync());
        Assert.True(refused.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        Assert.Contains("symbolicator_job_rejected_total 1\n", await service.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
        processor.Release.SetResult(new TimeoutResponse());
    }

    [Fact]
    public async Task Results_survive_a_restart_and_interrupted_jobs_are_told_to_have_failed()
    {
        string directory = Directory.CreateTempSubdirectory("symbolicator-test-").FullName;
        try
        {
            string done, interrupted = Guid.NewGuid().ToString("D");
            await using (var first = await TestService.StartAsync(directory: directory))
            {
                await PostAsync(first, "{}");
                done = Path.GetFileName(Assert.Single(Directory.EnumerateDirectories(Path.Combine(directory, "jobs"))));
            }

            Directory.CreateDirectory(Path.Combine(directory, "jobs", interrupted));
            File.WriteAllText(Path.Combine(directory, "jobs", interrupted, "input"), "MDMP");
            await using var second = await TestService.StartAsync(directory: directory);

            Assert.Contains("\"completed\"", await second.Client.GetStringAsync($"/requests/{done}"), StringComparison.Ordinal);
            Assert.Contains("\"failed\"", await second.Client.GetStringAsync($"/requests/{interrupted}"), StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(directory, "jobs", interrupted, "input")));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<TestService> StartAsync(HeldProcessor processor, TimeProvider time, int? maxConcurrent = 10) => TestService.StartAsync(
        o => o with { Http = o.Http with { MaxConcurrentRequests = maxConcurrent } }, time,
        replace: services => services.AddSingleton<IJobProcessor>(processor));

    private static async Task<JsonDocument> PostAsync(TestService service, string request, string query = "")
    {
        using var answer = await service.Client.PostAsync("/symbolicate" + query, Json(request));
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body);
    }

    private static string Request(Uri server) =>
        "{\"stacktraces\":[{\"frames\":[{\"instruction_addr\":\"0x401008\"}]}],"
        + $"\"modules\":[{{\"type\":\"elf\",\"debug_id\":\"{DebugId}\",\"debug_file\":\"app\",\"code_file\":\"app\",\"image_addr\":\"0x400000\",\"image_size\":65536}}],"
        + $"\"sources\":[{{\"id\":\"web\",\"type\":\"http\",\"url\":\"{server.AbsoluteUri}\",\"layout\":{{\"type\":\"native\"}}}}],"
        + "\"options\":{\"dif_candidates\":true}}";

    private static Task ServeSymbolsAsync(HttpContext context) =>
        context.Request.Path.Value!.EndsWith("/app.sym", StringComparison.Ordinal) ? context.Response.WriteAsync(Symbols) : NotFoundAsync(context);

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }

    private static string[] Locations(JsonDocument answer) =>
        [.. answer.RootElement.GetProperty("modules")[0].GetProperty("candidates").EnumerateArray().Select(c => c.GetProperty("location").GetString()!)];

    /// <summary>Packed by the reference tool.</summary>
    private static ByteArrayContent Zstd(string base64)
    {
        var content = new ByteArrayContent(Convert.FromBase64String(base64));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentEncoding.Add("zstd");
        return content;
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static ByteArrayContent Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    private sealed class HeldProcessor : IJobProcessor
    {
        public TaskCompletionSource<SymbolicationResponse> Release { get; } = new();

        public TaskCompletionSource Started { get; } = new();

        public Task<SymbolicationResponse> RunAsync(Guid id, JobWork work, CancellationToken ct)
        {
            Started.TrySetResult();
            return Release.Task;
        }
    }
}
