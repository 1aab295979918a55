using System.Text.Json;
using System.Text.Json.Nodes;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Tests.Contracts;

public sealed class ResponseJsonTests
{
    [Fact]
    public void A_pending_job_has_an_id_and_a_delay() =>
        AssertJson("""{"status":"pending","request_id":"r","retry_after":30}""", new PendingResponse { RequestId = "r" });

    [Fact]
    public void Failures_carry_their_status_alone_or_a_message()
    {
        AssertJson("""{"status":"failed","message":"no"}""", new FailedResponse { Message = "no" });
        AssertJson("""{"status":"timeout"}""", new TimeoutResponse());
        AssertJson("""{"status":"internal_error"}""", new InternalErrorResponse());
    }

    [Fact]
    public void Absent_fields_are_left_out_and_the_others_have_their_names()
    {
        var frame = new FrameInfo { InstructionAddr = 0x7ff6a0010f02 };
        var module = new ModuleInfo { Type = ObjectType.Unknown };
        var response = new CompletedResponse
        {
            Stacktraces = [new SymbolicatedStacktrace { Frames = [new SymbolicatedFrame(frame, FrameStatus.UnknownImage, 3)] }],
            Modules = [new SymbolicatedModule(module, ModuleStatus.FetchingFailed)],
        };

        AssertJson(
            """
            {"status":"completed",
             "stacktraces":[{"frames":[{"status":"unknown_image","original_index":3,"instruction_addr":"0x7ff6a0010f02"}]}],
             "modules":[{"debug_status":"fetching_failed",
               "features":{"has_debug_info":false,"has_unwind_info":false,"has_symbols":false,"has_sources":false},
               "arch":"unknown","type":"unknown","image_addr":"0x0"}]}
            """,
            response);
    }

    [Fact]
    public void All_fields_have_the_names_and_forms_of_the_tables()
    {
        var frame = new FrameInfo
        {
            InstructionAddr = 0x10,
            AddrMode = AddrMode.Relative(2),
            AdjustInstructionAddr = false,
            FunctionId = 5,
            Platform = "native",
            Package = "p",
            Lang = SourceLanguage.CSharp,
            Symbol = "s",
            SymAddr = ulong.MaxValue,
            Function = "f<T>'",
            Filename = "n",
            AbsPath = "/n",
            Lineno = 7,
            PreContext = ["a"],
            ContextLine = "b",
            PostContext = ["c"],
            SourceLink = "l",
            InApp = true,
            Vars = new Dictionary<string, JsonElement> { ["v"] = JsonDocument.Parse("\"int*\"").RootElement },
            Trust = FrameTrust.CfiScan,
        };
        var module = new ModuleInfo
        {
            Type = ObjectType.PeDotnet,
            CodeId = CodeId.Parse("5f3c1a2b1c000"),
            CodeFile = "c",
            DebugId = DebugId.Parse("a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90-1a"),
            DebugFile = "d",
            DebugChecksum = "SHA256:1",
            ImageAddr = 0x400000,
            ImageSize = 4096,
        };
        var response = new CompletedResponse
        {
            Timestamp = 1,
            Signal = 11,
            SystemInfo = new SystemInfo { OsName = "Linux", CpuArch = Arch.Amd64 },
            Crashed = true,
            CrashReason = "SIGSEGV / 0x0",
            CrashDetails = "x",
            Assertion = "",
            Stacktraces =
            [
                new SymbolicatedStacktrace
                {
                    ThreadId = 1,
                    ThreadName = "main",
                    IsRequesting = true,
                    Registers = new Dictionary<string, ulong> { ["rip"] = 1, ["r8"] = 2, ["rax"] = 3 },
                    Frames = [new SymbolicatedFrame(frame, FrameStatus.Symbolicated, 0)],
                },
            ],
            Modules =
            [
                new SymbolicatedModule(module, ModuleStatus.Found)
                {
                    UnwindStatus = ModuleStatus.Unused,
                    Arch = Arch.Arm64_32V8,
                    Features = new FeatureInfo { HasSources = true, SrcsrvVcs = "git" },
                    Candidates =
                    [
                        new CandidateInfo
                        {
                            Source = "s",
                            Location = CandidateInfo.NothingListed,
                            Download = new CandidateDownload { Status = DownloadStatus.NotFound },
                        },
                        new CandidateInfo
                        {
                            Source = "s",
                            Location = "http://x",
                            Download = new CandidateDownload { Status = DownloadStatus.Ok, Features = new FeatureInfo { HasSymbols = true } },
                            Unwind = new CandidateUse { Status = UseStatus.Ok },
                            Debug = new CandidateUse { Status = UseStatus.Error, Details = "e" },
                        },
                        new CandidateInfo
                        {
                            Source = "t",
                            Location = "http://x",
                            Download = new CandidateDownload { Status = DownloadStatus.NoPermission, Details = "403 Forbidden" },
                        },
                    ],
                },
            ],
        };

        string json = AssertJson(
            """
            {"status":"completed","timestamp":1,"signal":11,
             "system_info":{"os_name":"Linux","os_version":"","os_build":"","cpu_arch":"x86_64","device_model":""},
             "crashed":true,"crash_reason":"SIGSEGV / 0x0","crash_details":"x","assertion":"",
             "stacktraces":[{"thread_id":1,"thread_name":"main","is_requesting":true,
               "registers":{"r8":"0x2","rax":"0x3","rip":"0x1"},
               "frames":[{"status":"symbolicated","original_index":0,"instruction_addr":"0x10","addr_mode":"rel:2",
                 "adjust_instruction_addr":false,"function_id":"0x5","platform":"native","package":"p","lang":"csharp",
                 "symbol":"s","sym_addr":"0xffffffffffffffff","function":"f<T>'","filename":"n","abs_path":"/n","lineno":7,
                 "pre_context":["a"],"context_line":"b","post_context":["c"],"source_link":"l","in_app":true,
                 "vars":{"v":"int*"},"trust":"cfiscan"}]}],
             "modules":[{"debug_status":"found","unwind_status":"unused",
               "features":{"has_debug_info":false,"has_unwind_info":false,"has_symbols":false,"has_sources":true,"srcsrv_vcs":"git"},
               "arch":"arm64_32_v8","type":"pe_dotnet","code_id":"5f3c1a2b1c000","code_file":"c",
               "debug_id":"a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90-1a","debug_file":"d","debug_checksum":"SHA256:1",
               "image_addr":"0x400000","image_size":4096,
               "candidates":[
                 {"source":"s","location":"No object files listed on this source","download":{"status":"notfound"}},
                 {"source":"s","location":"http://x","download":{"status":"ok",
                   "features":{"has_debug_info":false,"has_unwind_info":false,"has_symbols":true,"has_sources":false}},
                   "unwind":{"status":"ok"},"debug":{"status":"error","details":"e"}},
                 {"source":"t","location":"http://x","download":{"status":"noperm","details":"403 Forbidden"}}]}]}
            """,
            response);
        Assert.Contains("f<T>'", json, StringComparison.Ordinal);
        Assert.True(json.IndexOf("\"r8\"", StringComparison.Ordinal) < json.IndexOf("\"rax\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_response_can_be_read_back()
    {
        string json = """{"modules":[],"stacktraces":[],"timestamp":5,"status":"completed"}""";

        var response = JsonSerializer.Deserialize(json, WireJson.Context.SymbolicationResponse);

        Assert.Equal(5, Assert.IsType<CompletedResponse>(response).Timestamp);
    }

    private static string AssertJson(string expected, SymbolicationResponse response)
    {
        string json = JsonSerializer.Serialize(response, WireJson.Context.SymbolicationResponse);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(json)), json);
        return json;
    }
}
