using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Symbolicator.Service.Tests.Hosting;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Service.Tests.Endpoints;

/// <summary>Windows crashes through the whole service: dump in, symbol server asked, stack out.</summary>
public sealed class WindowsCrashTests
{
    /// <summary>What execution shows of the first thread of the program, and what winedbg shows of the crash, is the expectation.</summary>
    [Theory]
    [InlineData("x64", 1)]
    [InlineData("x86", 1)]
    [InlineData("x86-fpo", 1)]
    [InlineData("arm64", 4)]
    public async Task Dumps_of_each_cpu_are_unwound_and_named_with_files_of_a_symbol_server(string shape, ulong call)
    {
        string image = $"windows/shapes-{shape}.exe";
        using var files = new SymbolFolder().AddImage(image).AddDebugFile(image, $"windows/shapes-{shape}.pdb", $"shapes-{shape}.pdb");
        await using var server = await ServeAsync(files);
        await using var service = await TestService.StartAsync();

        using var answer = await PostAsync(service, server, Fixture.Bytes($"windows/stacks-{shape}.dmp"));

        var root = answer.RootElement;
        var module = Assert.Single(root.GetProperty("modules").EnumerateArray());
        ulong start = Hex(module.GetProperty("image_addr"));
        using var oracle = JsonDocument.Parse(Fixture.Bytes($"oracle/windows/stacks-{shape}.json"));
        var threads = root.GetProperty("stacktraces").EnumerateArray().ToList();
        Assert.Equal(oracle.RootElement.GetArrayLength(), threads.Count);
        foreach (var (thread, stack) in threads.Zip(oracle.RootElement.EnumerateArray()))
        {
            var resume = thread.GetProperty("frames").EnumerateArray().GroupBy(f => f.GetProperty("original_index").GetInt32())
                .Select(frames => Hex(frames.First().GetProperty("instruction_addr")) + (frames.Key > 0 ? call : 0) - start);
            var expected = stack.EnumerateArray().Select(Hex).ToList();
            if (expected[0] < 0x10000)
            {
                Assert.Equal(expected, resume);
            }
        }

        Assert.Equal(("found", "found"), (module.GetProperty("debug_status").GetString(), module.GetProperty("unwind_status").GetString()));
        Assert.Contains("\"filename\":\"entry.c\"", root.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crash-write.dmp")]
    [InlineData("crash-write-codeview.dmp")]
    public async Task Files_in_cabinets_are_found_and_unpacked_also_where_only_the_image_names_the_pdb(string dump)
    {
        const string Image = "windows/crash.exe";
        using var files = new SymbolFolder().AddImage(Image).AddDebugFile(Image, "windows/crash.pdb", "crash.pdb");
        await using var server = await ServeAsync(files, packed: true);
        await using var service = await TestService.StartAsync();

        using var answer = await PostAsync(service, server, Fixture.Bytes($"windows/{dump}"));

        var root = answer.RootElement;
        Assert.Equal("EXCEPTION_ACCESS_VIOLATION_READ / 0x45", root.GetProperty("crash_reason").GetString());
        var thread = Assert.Single(root.GetProperty("stacktraces").EnumerateArray(), t => t.TryGetProperty("is_requesting", out var crashed) && crashed.GetBoolean());
        using var oracle = JsonDocument.Parse(Fixture.Bytes("oracle/windows/crash-write.json"));
        var expected = oracle.RootElement.EnumerateArray()
            .Where(frame => frame.GetProperty("module").GetString() == "crash" && frame.TryGetProperty("line", out _))
            .Select(frame => (frame.GetProperty("file").GetString(), frame.GetProperty("line").GetInt32())).ToList();
        var named = thread.GetProperty("frames").EnumerateArray().Where(frame => frame.TryGetProperty("abs_path", out _))
            .Select(frame => (frame.GetProperty("abs_path").GetString(), frame.GetProperty("lineno").GetInt32()));
        Assert.True(expected.Count > 10);
        Assert.Equal(expected, named);
        string[] used = [.. Candidates(root, @"C:\shop\crash.exe").Where(c => Status(c) == "ok").Select(c => c.GetProperty("location").GetString()!)];
        Assert.Equal(2, used.Length);
        Assert.EndsWith("/crash.ex_", used[0], StringComparison.Ordinal);
        Assert.EndsWith("/crash.pd_", used[1], StringComparison.Ordinal);
    }

    /// <summary>Raw addresses: what is the matter with a PDB stands beside its place.</summary>
    [Theory]
    [InlineData("whole", "symbolicated", "ok", null)]
    [InlineData("stripped", "symbolicated", "ok", "stripped PDB: public symbols only")]
    [InlineData("fastlink", "symbolicated", "ok", "fastlink PDB: lines and private symbols are in the object files")]
    [InlineData("newer", "symbolicated", "ok", "the file has age 3, the module asks for 2")]
    [InlineData("older", "missing", "error", "wrong file: the file is 3249d99d-0c40-4931-8610-f4e4fb0b6936-1, without code id")]
    [InlineData("other", "missing", "error", "wrong file: the file is 11111111-2222-3333-4444-555555555555-2, without code id")]
    [InlineData("cut", "malformed", "malformed", "Pdb: ")]
    [InlineData("version 2.00", "missing", "error", "unsupported: Pdb: Unsupported at offset 0x0 (a PDB 2.00 of Visual C++ 6 or older)")]
    [InlineData("portable", "missing", "error", "unsupported: PortablePdb: Unsupported at offset 0x0 (symbols of .NET code)")]
    [InlineData("text", "malformed", "malformed", "Unknown: BadMagic at offset 0x0 (not an object file that can be read)")]
    public async Task A_pdb_that_gives_less_than_it_should_says_why(string kind, string frame, string download, string? details)
    {
        byte[] pdb = Pdb(kind);
        await using var server = await FakeSymbolServer.StartAsync(context =>
            context.Request.Path.Value!.EndsWith("/app.pdb", StringComparison.Ordinal)
                ? context.Response.Body.WriteAsync(pdb).AsTask()
                : NotFound(context));
        await using var service = await TestService.StartAsync();
        using var request = new StringContent(
            $$"""
            {"stacktraces":[{"frames":[{"instruction_addr":"0x140001004"}]}],"options":{"dif_candidates":true},
             "modules":[{"type":"pe","debug_id":"3249d99d-0c40-4931-8610-f4e4fb0b6936-2","debug_file":"C:\\build\\app.pdb",
                         "code_id":"5ab380779000","code_file":"C:\\app.exe","image_addr":"0x140000000","image_size":65536}],
             "sources":[{{Source(server)}}]}
            """,
            Encoding.UTF8, "application/json");

        using var answer = JsonDocument.Parse(await (await service.Client.PostAsync("/symbolicate", request)).Content.ReadAsStringAsync());

        var root = answer.RootElement;
        var only = root.GetProperty("stacktraces")[0].GetProperty("frames")[0];
        Assert.Equal(frame, only.GetProperty("status").GetString());
        Assert.Equal(frame == "symbolicated" ? "leaf" : null, only.TryGetProperty("function", out var name) ? name.GetString() : null);
        var candidate = Assert.Single(Candidates(root, @"C:\app.exe"), c => c.GetProperty("location").GetString()!.EndsWith("/app.pdb", StringComparison.Ordinal));
        Assert.Equal(download, Status(candidate));
        string? told = Details(candidate, "download") ?? Details(candidate, "debug");
        if (details is null)
        {
            Assert.Null(told);
        }
        else
        {
            Assert.StartsWith(details, told, StringComparison.Ordinal);
        }
    }

    private static byte[] Pdb(string kind)
    {
        var builder = new PdbBuilder { Age = 2 };
        builder.Public("leaf", builder.Section(".text", 0x1000, 0x100), 0);
        switch (kind)
        {
            case "stripped":
                builder.DbiFlags = 2;
                break;
            case "fastlink":
                builder.Features.Add(0x494e494d);
                break;
            case "newer":
                builder.Age = 3;
                break;
            case "older":
                builder.Age = 1;
                break;
            case "other":
                builder.Id = new Guid("11111111-2222-3333-4444-555555555555");
                break;
            case "version 2.00":
                return new ByteBuilder().Text("Microsoft C/C++ program database 2.00\r\n\u001aJG").Zeros(1000).ToArray();
            case "portable":
                return new ByteBuilder().Text("BSJB").Zeros(1000).ToArray();
            case "text":
                return "<html>sign in</html>"u8.ToArray();
        }

        byte[] file = builder.Build();
        return kind == "cut" ? file[..(file.Length / 2)] : file;
    }

    /// <summary>The folder over HTTP; packed: only as cabinets, under names that end in an underscore.</summary>
    private static Task<FakeSymbolServer> ServeAsync(SymbolFolder files, bool packed = false) => FakeSymbolServer.StartAsync(async context =>
    {
        string path = context.Request.Path.Value![1..];
        if (packed)
        {
            int slash = path.LastIndexOf('/');
            path = path.EndsWith('_') && Directory.Exists(Path.Combine(files.Path, path[..slash]))
                ? Directory.GetFiles(Path.Combine(files.Path, path[..slash]), path[(slash + 1)..^1] + "?").FirstOrDefault("")
                : "";
        }

        path = Path.Combine(files.Path, path);
        if (!File.Exists(path))
        {
            await NotFound(context);
            return;
        }

        byte[] content = await File.ReadAllBytesAsync(path);
        await context.Response.Body.WriteAsync(packed ? Cabinet(content) : content);
    });

    /// <summary>One file in blocks of MSZIP, without checksums.</summary>
    private static byte[] Cabinet(byte[] content)
    {
        const int Block = 32768;
        const int Header = 36 + 8 + 16 + 2;
        var blocks = content.Chunk(Block).ToList();
        var cabinet = new ByteBuilder().Text("MSCF").U32(0).U32(0).U32(0).U32(36 + 8).U32(0).U16(0x103).U16(1).U16(1).U16(0).U32(0)
            .U32(Header).U16(blocks.Count).U16(1)
            .U32((uint)content.Length).U32(0).U16(0).Zeros(6).CString("f");
        foreach (byte[] block in blocks)
        {
            using var packed = new MemoryStream();
            using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            {
                deflate.Write(block);
            }

            cabinet.U32(0).U16((int)packed.Length + 2).U16(block.Length).Text("CK").Bytes(packed.ToArray());
        }

        return cabinet.Patch(8, (ulong)cabinet.Length, 4).ToArray();
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }

    private static string Source(FakeSymbolServer server) =>
        $"{{\"id\":\"web\",\"type\":\"http\",\"url\":\"{server.Url}\",\"layout\":{{\"type\":\"symstore\"}}}}";

    private static async Task<JsonDocument> PostAsync(TestService service, FakeSymbolServer server, byte[] dump)
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(dump), "upload_file_minidump", "crash.dmp" },
            { new StringContent($"[{Source(server)}]"), "sources" },
            { new StringContent("{\"dif_candidates\":true}"), "options" },
        };
        using var answer = await service.Client.PostAsync("/minidump", form);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body);
    }

    private static JsonElement.ArrayEnumerator Candidates(JsonElement root, string codeFile) => root.GetProperty("modules").EnumerateArray()
        .Single(module => module.GetProperty("code_file").GetString() == codeFile).GetProperty("candidates").EnumerateArray();

    private static string? Details(JsonElement candidate, string of) =>
        candidate.TryGetProperty(of, out var part) && part.TryGetProperty("details", out var text) ? text.GetString() : null;

    private static string? Status(JsonElement candidate) => candidate.GetProperty("download").GetProperty("status").GetString();

    private static ulong Hex(JsonElement text) => Convert.ToUInt64(text.GetString()![2..], 16);
}
