using System.Text.Json;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Minidump;

/// <summary>Dumps of the conformance cases: values come from the cases, not from us.</summary>
public sealed class ConformanceDumpTests
{
    [Theory]
    [InlineData("rust-minidump/testdata/linux-mini.dmp", "minidump.jsonl", "testdata/linux-mini.dmp")]
    [InlineData("rust-minidump/testdata/test.dmp", "minidump.jsonl", "testdata/test.dmp")]
    public void Modules_have_the_addresses_and_ids_of_the_cases(string path, string cases, string fixture)
    {
        using var dump = Open(path);
        var expected = Expectations(cases, fixture, "md_module");
        Assert.NotEmpty(expected);
        Assert.True(dump.Faults.IsEmpty, string.Join(", ", dump.Faults.First));
        foreach (var module in expected)
        {
            ulong address = Hex(module.GetProperty("base_addr"));
            var found = Assert.Single(dump.Modules, m => m.Address == address);
            Assert.Equal(Hex(module.GetProperty("end_addr")), found.LastAddress + 1);
            Assert.Equal(module.GetProperty("code_id").GetString(), found.CodeId?.Hex);
            Assert.Equal(module.GetProperty("debug_id").GetString(), found.DebugId?.ToBreakpad(), ignoreCase: true);
            Assert.Equal(module.GetProperty("debug_file").GetString(), found.DebugFile?.Split('/', '\\')[^1]);
            Assert.EndsWith(module.GetProperty("filename").GetString()!, found.CodeFile, StringComparison.Ordinal);
            Assert.Equal(module.GetProperty("version").GetString() ?? found.Version, found.Version);
        }
    }

    [Theory]
    [InlineData("rust-minidump/testdata/linux-mini.dmp", "minidump.jsonl", "testdata/linux-mini.dmp")]
    [InlineData("rust-minidump/testdata/test.dmp", "minidump.jsonl", "testdata/test.dmp")]
    public void The_crashing_thread_has_the_registers_of_the_cases(string path, string cases, string fixture)
    {
        using var dump = Open(path);
        var expected = Expectations(cases, fixture, "md_registers")[0];
        var context = dump.ContextOf(dump.RequestingThread!)!;
        foreach (var register in expected.EnumerateObject())
        {
            int index = context.Profile.IndexOf(register.Name);
            Assert.True(context.Registers.TryGet(index, out ulong value), register.Name);
            Assert.Equal(Hex(register.Value), value);
        }
    }

    private static MinidumpFile Open(string path)
    {
        string? file = Cases.Find(path);
        Assert.SkipWhen(file is null, Cases.Absent);
        using var bytes = MappedFileBytes.Open(file);
        return MinidumpFile.Open(bytes, ParseLimits.Default);
    }

    private static List<JsonElement> Expectations(string cases, string fixture, string kind)
    {
        string? file = Cases.FindPublic(cases);
        Assert.SkipWhen(file is null, Cases.Absent);
        return File.ReadLines(file)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(x => x.GetProperty("kind").GetString() == kind && x.GetProperty("fixture").GetString() == fixture)
            .Select(x => x.GetProperty("expect"))
            .ToList();
    }

    private static ulong Hex(JsonElement element) => Convert.ToUInt64(element.GetString(), 16);
}
