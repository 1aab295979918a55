using System.Text.Json;
using Symbolicator.Formats.Minidump;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Minidump;

/// <summary>Dumps of real crashes: what Breakpad's reader and gdb have recorded of them is what we must read.</summary>
public sealed class MinidumpFixtureTests
{
    public static TheoryData<string> Dumps =>
    [
        "cpp-x64.breakpad", "cpp-x64.crashpad", "rust-x64.breakpad", "rust-x64.crashpad", "cpp-arm64.breakpad", "cpp-arm64.crashpad",
        "cpp-x86.breakpad", "cpp-x86.crashpad", "cpp-arm.breakpad", "cpp-arm.crashpad",
    ];

    [Theory]
    [MemberData(nameof(Dumps))]
    public void Threads_and_registers_are_those_that_breakpad_reads(string name)
    {
        using var dump = Open(name);
        var readers = Oracle(name + ".readers.json");
        var threads = readers.GetProperty("threads").EnumerateArray().ToList();
        Assert.Equal(threads.Select(thread => thread.GetProperty("id").GetUInt32()), dump.Threads.Select(thread => thread.Id));
        for (int i = 0; i < threads.Count; i++)
        {
            AssertRegisters(threads[i], dump.Threads[i].Context!);
        }

        var exception = readers.GetProperty("exception");
        AssertRegisters(exception, dump.Exception!.Context!);
        Assert.Equal(exception.GetProperty("id").GetUInt32(), dump.RequestingThread!.Id);
        Assert.Same(dump.Exception.Context, dump.ContextOf(dump.RequestingThread));
        Assert.Equal("SIGSEGV / SEGV_MAPERR / 0x45", dump.CrashSummary);
    }

    [Theory]
    [MemberData(nameof(Dumps))]
    public void Modules_and_ids_are_those_that_breakpad_reads(string name)
    {
        using var dump = Open(name);
        var modules = Oracle(name + ".readers.json").GetProperty("modules").EnumerateArray()
            .OrderBy(module => Hex(module.GetProperty("address"))).ToList();
        Assert.Equal(modules.Count, dump.Modules.Count);
        for (int i = 0; i < modules.Count; i++)
        {
            var module = dump.Modules[i];
            Assert.Equal(Hex(modules[i].GetProperty("address")), module.Address);
            Assert.Equal(Hex(modules[i].GetProperty("size")), module.Size);
            Assert.Equal(modules[i].GetProperty("code_file").GetString(), module.CodeFile);

            // The standard library of Rust has no build id; Breakpad then writes "id" as the code id and no debug id.
            bool identified = modules[i].GetProperty("debug_id").GetString() is { Length: 33 };
            Assert.Equal(identified, module.DebugId is not null);
            if (identified)
            {
                Assert.Equal(modules[i].GetProperty("debug_id").GetString(), module.DebugId?.ToBreakpad());
                Assert.Equal(modules[i].GetProperty("code_id").GetString(), module.CodeId?.Hex);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dumps))]
    public void Every_thread_executes_where_gdb_says_and_its_stack_is_there(string name)
    {
        using var dump = Open(name);
        foreach (var thread in Oracle(name.Split('.')[0] + ".gdb.json").GetProperty("threads").EnumerateArray())
        {
            uint id = thread.GetProperty("tid").GetUInt32();
            var found = Assert.Single(dump.Threads, t => t.Id == id);
            var context = dump.ContextOf(found)!;
            var frames = thread.GetProperty("frames").EnumerateArray().ToList();
            Assert.Equal(Hex(frames[0].GetProperty("pc")), context.ProgramCounter);
            Assert.Equal(thread.GetProperty("crashed").GetBoolean(), ReferenceEquals(found, dump.RequestingThread));
            Assert.True(dump.Memory.TryReadUnsigned(context.StackPointer, 8, out _));
            Assert.All(frames, frame => Assert.Contains(dump.Modules, module => module.Contains(Hex(frame.GetProperty("pc")))));
        }
    }

    [Theory]
    [MemberData(nameof(Dumps))]
    public void No_stream_of_a_sound_dump_has_a_fault(string name)
    {
        using var dump = Open(name);
        MinidumpMutationTests.ReadEverything(dump);
        Assert.True(dump.Faults.IsEmpty, string.Join(", ", dump.Faults.First));
    }

    [Fact]
    public void The_breakpad_layout_carries_the_texts_of_linux()
    {
        using var dump = Open("cpp-x64.breakpad");
        Assert.Equal(("6.1.0", "#1 SMP"), (dump.System.OsVersion, dump.System.OsBuild));
        Assert.Contains(new("DISTRIB_CODENAME", "bookworm"), dump.LinuxRelease);
        Assert.Contains(new("Name", "cpp-x64"), dump.LinuxStatus);
        Assert.Contains(new("cpu family", "6"), dump.LinuxCpuInfo);
        Assert.Equal([new("LANG", "C")], dump.LinuxEnvironment);
        Assert.Contains(dump.LinuxAuxiliaryVector, entry => entry.Key == 33 && dump.Modules.Any(m => m.Address == entry.Value && m.CodeFile == "linux-gate.so"));
        var code = Assert.Single(dump.LinuxMaps, map => map.Start <= dump.Exception!.Context!.ProgramCounter && dump.Exception.Context.ProgramCounter < map.End);
        Assert.Equal(("r-xp", dump.Modules[0].CodeFile), (code.Permissions, code.Path));
        Assert.Null(dump.Crashpad);
    }

    [Fact]
    public void The_crashpad_layout_carries_names_and_annotations()
    {
        using var dump = Open("cpp-arm64.crashpad");
        Assert.Equal(("6.1.0", "#1 SMP aarch64"), (dump.System.OsVersion, dump.System.OsBuild));
        Assert.Equal(["crash", "waiter", "sleeper", "renderer"], dump.Threads.Select(thread => dump.ThreadName(thread.Id)));
        Assert.Equal("renderer", dump.ThreadName(dump.RequestingThread!.Id));
        Assert.Equal([new("product", "cpp-arm64"), new("version", "1.0")], dump.Crashpad!.Annotations);
        Assert.Equal([new("phase", "nested")], Assert.Single(dump.Crashpad.Modules).Objects);
        Assert.NotEmpty(dump.MemoryInfo);
        Assert.NotNull(dump.Misc?.ProcessId);
        Assert.Null(dump.Breakpad);
    }

    private static MinidumpFile Open(string name) => MinidumpFileTests.Open(Fixture.Bytes($"minidump/{name}.dmp"));

    private static JsonElement Oracle(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Fixture.Path("oracle/" + name))).RootElement;

    private static void AssertRegisters(JsonElement expected, CpuContext context)
    {
        foreach (var register in expected.GetProperty("registers").EnumerateObject())
        {
            Assert.True(context.Registers.TryGet(context.Profile.IndexOf(register.Name), out ulong value), register.Name);
            Assert.Equal(Hex(register.Value), value);
        }
    }

    private static ulong Hex(JsonElement element) => Convert.ToUInt64(element.GetString(), 16);
}
