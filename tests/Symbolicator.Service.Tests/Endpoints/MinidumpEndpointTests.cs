using System.Net;
using System.Text;
using System.Text.Json;
using Symbolicator.Engine.Sources;
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
}
