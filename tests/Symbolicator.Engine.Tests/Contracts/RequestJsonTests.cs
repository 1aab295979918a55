using System.Buffers;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Tests.Contracts;

public sealed class RequestJsonTests
{
    [Fact]
    public void An_empty_request_has_the_defaults_of_the_tables()
    {
        var request = Read("{}");

        Assert.Null(request.Sources);
        Assert.Null(request.Platform);
        Assert.Null(request.Signal);
        Assert.Empty(request.Stacktraces);
        Assert.Empty(request.Modules);
        Assert.False(request.Options.DifCandidates);
        Assert.True(request.Options.ApplySourceContext);
        Assert.Equal(FrameOrder.CalleeFirst, request.Options.FrameOrder);
        Assert.False(request.Options.ExtractVariables);
        Assert.True(request.Scraping.Enabled);
        Assert.True(request.Scraping.VerifySsl);
        Assert.Equal(["*"], request.Scraping.AllowedOrigins);
    }

    [Fact]
    public void The_documented_example_is_read_whole()
    {
        var request = Read("""
            {"platform":"native","signal":11,"unknown":{"x":[1]},
             "sources":[{"id":"corp","type":"http","url":"https://sym.corp.example/","layout":{"type":"symstore"}}],
             "stacktraces":[{"registers":{"rip":"0x7ff6a0011234"},
                             "frames":[{"instruction_addr":"0x7ff6a0011234","trust":"context"},{"instruction_addr":"0x7ff6a0010f02","addr_mode":"rel:3"}]}],
             "modules":[{"type":"pe","code_id":"5F3C1A2B-1c000","code_file":"C:\\App\\Demo.exe",
                         "debug_id":"A1B2C3D4e5f60718293a4b5c6d7e8f901a","debug_file":"D:\\b\\Demo.pdb",
                         "image_addr":"0x7ff6a0010000","image_size":114688}],
             "options":{"dif_candidates":true,"frame_order":"caller_first"}}
            """);

        Assert.Equal("native", request.Platform);
        Assert.Equal(11u, request.Signal);
        var source = Assert.IsType<HttpSourceConfig>(Assert.Single(request.Sources!));
        Assert.Equal("https://sym.corp.example/", source.Url.AbsoluteUri);
        Assert.Equal(LayoutType.Symstore, source.Layout.Type);
        var trace = Assert.Single(request.Stacktraces);
        Assert.Equal(0x7ff6a0011234u, trace.Registers!["rip"]);
        Assert.Equal(FrameTrust.Context, trace.Frames[0].Trust);
        Assert.Null(trace.Frames[0].AddrMode.Module);
        Assert.Equal(3u, trace.Frames[1].AddrMode.Module);
        var module = Assert.Single(request.Modules);
        Assert.Equal(ObjectType.Pe, module.Type);
        Assert.Equal("5f3c1a2b1c000", module.CodeId?.Hex);
        Assert.Equal("a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90-1a", module.DebugId?.ToString());
        Assert.Equal(114688u, module.ImageSize);
        Assert.True(request.Options.DifCandidates);
        Assert.True(request.Options.ApplySourceContext);
        Assert.Equal(FrameOrder.CallerFirst, request.Options.FrameOrder);
    }

    [Theory]
    [InlineData("17", 17ul)]
    [InlineData("\"17\"", 17ul)]
    [InlineData("\"0x1f\"", 0x1ful)]
    [InlineData("\"0XfF\"", 0xfful)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("\"0xffffffffffffffff\"", ulong.MaxValue)]
    public void Hex_values_are_numbers_or_text_in_two_bases(string json, ulong expected) =>
        Assert.Equal(expected, Frame($$"""{"instruction_addr":{{json}}}""").InstructionAddr);

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("\"\"")]
    [InlineData("\"0x\"")]
    [InlineData("\"-1\"")]
    [InlineData("\" 1\"")]
    [InlineData("\"0x 1\"")]
    [InlineData("\"1f\"")]
    [InlineData("\"0x10000000000000000\"")]
    public void Anything_else_is_no_hex_value(string json) =>
        AssertFails(RequestFormatError.Schema, $$"""{"stacktraces":[{"frames":[{"instruction_addr":{{json}}}]}]}""");

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"platform\":}")]
    [InlineData("{} x")]
    [InlineData("{\"signal\":\"x\", ]")]
    public void Text_that_is_no_json_is_a_syntax_error(string json) => AssertFails(RequestFormatError.Syntax, json);

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("""{"stacktraces":null}""")]
    [InlineData("""{"stacktraces":[null]}""")]
    [InlineData("""{"stacktraces":[{}]}""")]
    [InlineData("""{"stacktraces":[{"frames":null}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[null]}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[{}]}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[{"instruction_addr":1,"addr_mode":"relative"}]}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[{"instruction_addr":1,"addr_mode":"rel:-1"}]}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[{"instruction_addr":1,"addr_mode":null}]}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[{"instruction_addr":1,"trust":"very"}]}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[{"instruction_addr":1,"trust":1}]}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[{"instruction_addr":1,"pre_context":["a",null]}]}]}""")]
    [InlineData("""{"stacktraces":[{"frames":[],"registers":{"rip":null}}]}""")]
    [InlineData("""{"modules":[{}]}""")]
    [InlineData("""{"modules":[{"type":7}]}""")]
    [InlineData("""{"modules":[{"type":"elf","debug_id":7}]}""")]
    [InlineData("""{"modules":[{"type":"elf","image_size":-1}]}""")]
    [InlineData("""{"options":null}""")]
    [InlineData("""{"options":{"frame_order":"up"}}""")]
    [InlineData("""{"scraping":{"enabled":true}}""")]
    [InlineData("""{"scraping":{"enabled":true,"allowed_origins":[null],"headers":{}}}""")]
    [InlineData("""{"scraping":{"enabled":true,"allowed_origins":["*"],"headers":{"a":null}}}""")]
    [InlineData("""{"sources":[{"id":"a","type":"http","url":"http://a/","headers":{"a":null}}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"http","url":"http://a/","headers":[]}]}""")]
    [InlineData("""{"sources":[{"id":"a"}]}""")]
    [InlineData("""{"sources":[{"type":"http","url":"http://a/"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"ftp","url":"ftp://a/"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"http"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"http","url":"file:///etc"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"http","url":"x"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"filesystem"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"filesystem","path":"/x","layout":{"type":"mine"}}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"filesystem","path":"/x","filters":{"filetypes":["exe"]}}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"filesystem","path":"/x","filters":{"path_patterns":[null]}}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"s3"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"s3","bucket":"b","region":["x"]}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"gcs","bucket":"b"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"gcs","bucket":"b","private_key":"x"}]}""")]
    [InlineData("""{"sources":[{"id":"a","type":"sentry","url":"http://a/"}]}""")]
    public void Json_of_another_shape_is_a_schema_error(string json) => AssertFails(RequestFormatError.Schema, json);

    [Fact]
    public void Every_kind_of_source_is_read_with_its_fields()
    {
        var sources = Read("""
            {"sources":[
              {"path":"/sym","type":"filesystem","id":"f","is_public":true,"has_index":true,
               "filters":{"filetypes":["elf_code","pdb"],"path_patterns":["*/x/*"],"requires_checksum":true},
               "layout":{"type":"symstore_index2","casing":"lowercase"}},
              {"id":"h","type":"http","url":"http://h/","headers":{"X-A":"secret"},"accept_invalid_certs":true,"layout":{"type":"slashsymbols"}},
              {"id":"s","type":"s3","bucket":"b","prefix":"p","region":["eu","http://minio:9000/"],"access_key":"a","secret_key":"secret"},
              {"id":"s2","type":"s3","bucket":"b","region":"eu-west-1","aws_credentials_provider":"container"},
              {"id":"g","type":"gcs","bucket":"b","private_key":"secret","client_email":"e"},
              {"id":"g2","type":"gcs","bucket":"b","bearer_token":"secret"},
              {"id":"y","type":"sentry","url":"https://sentry/","token":"secret"}]}
            """).Sources!;

        var folder = Assert.IsType<FileSystemSourceConfig>(sources[0]);
        Assert.Equal("/sym", folder.Path);
        Assert.True(folder.IsPublic && folder.HasIndex && folder.Filters.RequiresChecksum);
        Assert.Equal([FileType.ElfCode, FileType.Pdb], folder.Filters.FileTypes);
        Assert.Equal(["*/x/*"], folder.Filters.PathPatterns);
        Assert.Equal(new LayoutConfig { Type = LayoutType.SymstoreIndex2, Casing = PathCasing.Lowercase }, folder.Layout);
        var http = Assert.IsType<HttpSourceConfig>(sources[1]);
        Assert.Equal("secret", http.Headers["X-A"]);
        Assert.True(http.AcceptInvalidCerts);
        Assert.Equal(LayoutType.SlashSymbols, http.Layout.Type);
        Assert.False(http.IsPublic);
        var s3 = Assert.IsType<S3SourceConfig>(sources[2]);
        Assert.Equal(new S3Region("eu", new Uri("http://minio:9000/")), s3.Region);
        Assert.Equal(AwsCredentialsProvider.Static, s3.AwsCredentialsProvider);
        Assert.Equal(AwsCredentialsProvider.Container, Assert.IsType<S3SourceConfig>(sources[3]).AwsCredentialsProvider);
        Assert.Equal("e", Assert.IsType<GcsSourceConfig>(sources[4]).ClientEmail);
        Assert.Equal("secret", Assert.IsType<GcsSourceConfig>(sources[5]).BearerToken);
        Assert.Equal("secret", Assert.IsType<SentrySourceConfig>(sources[6]).Token);
        Assert.All(sources, source => Assert.DoesNotContain("secret", source.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("native")]
    [InlineData("symstore")]
    [InlineData("symstore_index2")]
    [InlineData("ssqp")]
    [InlineData("debuginfod")]
    [InlineData("unified")]
    [InlineData("slashsymbols")]
    public void Every_layout_has_its_name(string name)
    {
        var source = Read($$$"""{"sources":[{"id":"a","type":"filesystem","path":"/x","layout":{"type":"{{{name}}}"}}]}""").Sources![0];

        Assert.Equal(Symbolicator.Engine.Tests.Sources.SymbolPathsTests.Layout(name), ((LayoutSourceConfig)source).Layout.Type);
    }

    [Fact]
    public void Ids_that_cannot_be_read_are_dropped()
    {
        var module = Assert.Single(Read("""{"modules":[{"type":"unheard-of","code_id":"--","debug_id":"x"}]}""").Modules);

        Assert.Equal(ObjectType.Unknown, module.Type);
        Assert.Null(module.CodeId);
        Assert.Null(module.DebugId);
        Assert.Equal(0u, module.ImageAddr);
    }

    [Fact]
    public void An_image_size_in_hex_is_taken() =>
        Assert.Equal(0x1000u, Read("""{"modules":[{"type":"elf","image_size":"0x1000"}]}""").Modules[0].ImageSize);

    [Theory]
    [InlineData("none", FrameTrust.None)]
    [InlineData("scan", FrameTrust.Scan)]
    [InlineData("cfiscan", FrameTrust.CfiScan)]
    [InlineData("fp", FrameTrust.FramePointer)]
    [InlineData("cfi", FrameTrust.Cfi)]
    [InlineData("prewalked", FrameTrust.Prewalked)]
    [InlineData("context", FrameTrust.Context)]
    public void Every_trust_has_its_name(string name, FrameTrust expected) =>
        Assert.Equal(expected, Frame($$"""{"instruction_addr":1,"trust":"{{name}}"}""").Trust);

    [Fact]
    public void A_language_that_is_not_known_is_no_language()
    {
        Assert.Equal(SourceLanguage.ObjCpp, Frame("""{"instruction_addr":1,"lang":"objcpp"}""").Lang);
        Assert.Equal(SourceLanguage.Unknown, Frame("""{"instruction_addr":1,"lang":"cobol"}""").Lang);
        Assert.Equal(SourceLanguage.Unknown, Frame("""{"instruction_addr":1,"lang":null}""").Lang);
    }

    [Fact]
    public void Rewrite_rules_need_both_members()
    {
        var type = (JsonTypeInfo<IReadOnlyList<RewriteRule>>)WireJson.Context.GetTypeInfo(typeof(IReadOnlyList<RewriteRule>))!;

        Assert.Equal([new RewriteRule { From = "a", To = "b" }], WireJson.Read(Bytes("""[{"from":"a","to":"b"}]"""), type));
        Assert.Throws<RequestFormatException>(() => WireJson.Read(Bytes("""[{"from":"a"}]"""), type));
    }

    private static FrameInfo Frame(string json) => Read($$"""{"stacktraces":[{"frames":[{{json}}]}]}""").Stacktraces[0].Frames[0];

    private static SymbolicateRequest Read(string json) => WireJson.Read(Bytes(json), WireJson.Context.SymbolicateRequest);

    private static ReadOnlySequence<byte> Bytes(string json) => new(Encoding.UTF8.GetBytes(json));

    private static void AssertFails(RequestFormatError expected, string json) =>
        Assert.Equal(expected, Assert.Throws<RequestFormatException>(() => Read(json)).Error);
}
