using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;
using Symbolicator.Service.Hosting;
using Symbolicator.Service.Jobs;
using Symbolicator.Service.Tests.Hosting;
using Symbolicator.TestKit;

namespace Symbolicator.Service.Tests.Endpoints;

public sealed class MinidumpEndpointTests
{
    [Fact]
    public async Task A_crash_is_answered_with_names_from_a_configured_folder()
    {
        await using var service = await StartAsync();

        using var answer = await PostAsync(service, ("upload_file_minidump", Fixture.Bytes("minidump/cpp-x64.crashpad.dmp")));

        var root = answer.RootElement;
        Assert.Equal("completed", root.GetProperty("status").GetString());
        Assert.StartsWith("SIGSEGV", root.GetProperty("crash_reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("crash.cpp", root.GetProperty("stacktraces").GetRawText(), StringComparison.Ordinal);
        Assert.False(root.GetProperty("modules")[0].TryGetProperty("candidates", out _));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(service.Directory, "jobs"), "input", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task No_sources_means_no_names_but_all_candidates_are_told_when_wanted()
    {
        await using var service = await StartAsync();
        var dump = Fixture.Bytes("minidump/cpp-x64.crashpad.dmp");

        using var without = await PostAsync(service, ("upload_file_minidump", dump), ("sources", "[]"u8.ToArray()));
        using var with = await PostAsync(service, ("upload_file_minidump", dump), ("options", "{\"dif_candidates\":true}"u8.ToArray()));

        Assert.DoesNotContain("crash.cpp", without.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("candidates", with.RootElement.GetProperty("modules").GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("MDMP")]
    [InlineData("this is no minidump at all, however long it may be")]
    public async Task Garbage_is_a_failed_job_and_leaves_nothing_behind(string content)
    {
        await using var service = await StartAsync();

        using var answer = await PostAsync(service, ("upload_file_minidump", Encoding.UTF8.GetBytes(content)));

        Assert.Equal("failed", answer.RootElement.GetProperty("status").GetString());
        Assert.NotEmpty(answer.RootElement.GetProperty("message").GetString()!);
        Assert.Empty(Directory.EnumerateFiles(service.Directory, "input", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("other", "x", 400, "missing minidump")]
    [InlineData("upload_file_minidump", "--boundary\r\nmore", 400, "minidump contains multipart form data")]
    [InlineData("sources", "null", 400, "invalid field sources")]
    [InlineData("sources", "[{}]", 400, "invalid field sources")]
    [InlineData("platform", "native", 400, "invalid field platform")]
    [InlineData("rewrite_first_module", "[{\"from\":\"(\",\"to\":\"\"}]", 400, "invalid rewrite_first_module")]
    public async Task A_form_that_cannot_be_read_is_told_as_json(string name, string content, int status, string detail)
    {
        await using var service = await StartAsync();
        using var form = Form((name, Encoding.UTF8.GetBytes(content)));

        using var answer = await service.Client.PostAsync("/minidump", form);

        Assert.Equal(status, (int)answer.StatusCode);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(detail, body.RootElement.GetProperty("detail").GetString());
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(service.Directory, "jobs")));
    }

    [Theory]
    [InlineData(1 << 20, 400)]
    [InlineData((1 << 20) + 1, 413)]
    public async Task A_field_may_hold_a_mebibyte_and_not_a_byte_more(int length, int status)
    {
        await using var service = await StartAsync();
        using var form = Form(("options", Encoding.UTF8.GetBytes("{}".PadRight(length))));

        using var answer = await service.Client.PostAsync("/minidump", form);

        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 413)
        {
            Assert.Equal("{\"detail\":\"Field options larger than 1048576 bytes\"}", await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Another_content_type_is_refused()
    {
        await using var service = await StartAsync();

        using var answer = await service.Client.PostAsync("/minidump", new StringContent("MDMP"));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Fact]
    public async Task Planted_secrets_reach_neither_disk_nor_logs_nor_answers()
    {
        await using var server = await FakeSymbolServer.WithStatusesAsync(404);
        await using var service = await TestService.StartAsync();
        string url = new UriBuilder(server.Url) { UserName = "user", Password = "planted-password", Query = "sig=planted-query" }.Uri.AbsoluteUri;
        string source = $"{{\"id\":\"web\",\"type\":\"http\",\"url\":\"{url}\",\"headers\":{{\"X-Key\":\"planted-header\"}}}}";

        using var answer = await PostAsync(
            service, ("upload_file_minidump", Fixture.Bytes("minidump/cpp-x64.crashpad.dmp")), ("options", "{\"dif_candidates\":true}"u8.ToArray()),
            ("sources", Encoding.UTF8.GetBytes($"[{source}]")),
            ("scraping", "{\"enabled\":true,\"allowed_origins\":[],\"headers\":{\"a\":\"planted-scraping\"}}"u8.ToArray()));
        using var form = Form(("sources", Encoding.UTF8.GetBytes($"[{source.Replace("\"id\":", "\"id\":1,\"x\":", StringComparison.Ordinal)}]")));
        using var refused = await service.Client.PostAsync("/minidump", form);

        Assert.Contains(server.Requests, r => r.Headers["X-Key"] == "planted-header");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.DoesNotContain("planted", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("planted", answer.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("planted", service.Logs.Text, StringComparison.Ordinal);
        foreach (string file in Directory.EnumerateFiles(service.Directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("/lock", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain("planted", Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1000, "missing minidump")]
    [InlineData(1001, "the form has more than 1000 parts")]
    public async Task A_form_has_a_thousand_parts_at_most(int parts, string detail)
    {
        await using var service = await StartAsync();
        using var form = Form([.. Enumerable.Repeat(("other", Array.Empty<byte>()), parts)]);

        using var answer = await service.Client.PostAsync("/minidump", form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal($"{{\"detail\":\"{detail}\"}}", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"\r\n\r\nMDMP")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"")]
    [InlineData("--b")]
    [InlineData("")]
    [InlineData("no boundary at all")]
    public async Task A_form_without_its_end_is_refused_and_leaves_nothing_behind(string body)
    {
        await using var service = await StartAsync();

        using var answer = await PostRawAsync(service, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.DoesNotContain(service.Directory, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(service.Directory, "jobs")));
        Assert.Equal(0, service.Get<AdmissionControl>().Running);
    }

    [Fact]
    public async Task Headers_of_a_part_are_bounded()
    {
        await using var service = await StartAsync();

        using var answer = await PostRawAsync(service, $"--b\r\nX: {new string('x', 100_000)}\r\n\r\n\r\n--b--\r\n");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_full_disk_is_told_and_leaves_nothing_behind(bool whenCreated)
    {
        await using var service = await TestService.StartAsync(
            replace: services => services.AddSingleton<IJobStore>(provider =>
                new FullJobStore(new FolderJobStore(provider.GetRequiredService<WorkDirectory>().Root), whenCreated)));
        using var form = Form(("upload_file_minidump", new byte[300_000]));

        using var answer = await service.Client.PostAsync("/minidump", form);

        Assert.Equal(507, (int)answer.StatusCode);
        Assert.Equal("{\"detail\":\"no space left to store the upload\"}", await answer.Content.ReadAsStringAsync());
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(service.Directory, "jobs")));
        Assert.Equal(0, service.Get<AdmissionControl>().Running);
    }

    private static async Task<HttpResponseMessage> PostRawAsync(TestService service, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        return await service.Client.PostAsync("/minidump", content);
    }

    private static Task<TestService> StartAsync() => TestService.StartAsync(o => o with
    {
        Sources =
        [
            new FileSystemSourceConfig { Id = "local", Path = Fixture.Path("symbols"), Layout = new LayoutConfig { Type = LayoutType.Unified } },
        ],
    });

    private static async Task<JsonDocument> PostAsync(TestService service, params (string Name, byte[] Content)[] parts)
    {
        using var form = Form(parts);
        using var answer = await service.Client.PostAsync("/minidump", form);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body);
    }

    private static MultipartFormDataContent Form(params (string Name, byte[] Content)[] parts)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, content) in parts)
        {
            form.Add(new ByteArrayContent(content), name, name);
        }

        return form;
    }

    /// <summary>Has no room for dumps.</summary>
    private sealed class FullJobStore(IJobStore inner, bool whenCreated) : IJobStore
    {
        private const int NoSpace = 28;

        public Stream CreateInput(Guid id)
        {
            inner.CreateInput(id).Dispose();
            return whenCreated ? throw new IOException("no room", NoSpace) : new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
        }

        public FileBytes OpenInput(Guid id) => inner.OpenInput(id);

        public Task PutRequestAsync(Guid id, JobRecord record, CancellationToken ct) => inner.PutRequestAsync(id, record, ct);

        public Task PutResultAsync(Guid id, SymbolicationResponse result, CancellationToken ct) => inner.PutResultAsync(id, result, ct);

        public Stream? OpenResult(Guid id) => inner.OpenResult(id);

        public void Delete(Guid id) => inner.Delete(id);

        public IReadOnlyList<LeftJob> List() => inner.List();
    }
}
