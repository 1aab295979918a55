using System.Text;
using System.Text.Json;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Elf;

/// <summary>The ELF files of the conformance cases, against the snapshots recorded there.</summary>
public sealed class ElfCasesTests
{
    private const string Linux = "symbolic/symbolic-testutils/fixtures/linux/";

    [Theory]
    [InlineData("crash", ObjectKind.Executable, ObjectFeatures.Symbols | ObjectFeatures.UnwindInfo)]
    [InlineData("crash.debug", ObjectKind.Debug, ObjectFeatures.Symbols | ObjectFeatures.DebugInfo)]
    [InlineData("crash.debug-zlib", ObjectKind.Debug, ObjectFeatures.Symbols | ObjectFeatures.DebugInfo)]
    public void Headers_of_an_image_and_its_debug_files(string name, ObjectKind kind, ObjectFeatures features)
    {
        using var file = Open(Linux + name);
        using var image = Assert.Single(ObjectFormats.Open(file));

        Assert.Equal(FileFormat.Elf, image.Format);
        Assert.Equal(kind, image.Kind);
        Assert.Equal(features, image.Features);
        Assert.Equal(Arch.Amd64, image.Arch);
        Assert.Equal("f1c3bcc0279865fe3058404b2831d9e64135386c", image.CodeId?.Hex);
        Assert.Equal("c0bcc3f1-9827-fe65-3058-404b2831d9e6", image.DebugId?.ToString());
        Assert.Equal(0x400000u, image.ImageBase);
        Assert.False(image.IsMalformed);
        Assert.True(image.Faults.IsEmpty);
    }

    [Fact]
    public void Symbols_are_those_of_the_snapshot()
    {
        string? cases = Cases.FindPublic("symbols.jsonl");
        Assert.SkipWhen(cases is null, Cases.Absent);
        using var file = Open(Linux + "crash.debug");
        using var image = Assert.Single(ObjectFormats.Open(file));
        var names = new InternPool();
        var cursor = image.OpenSymbols(names);
        var byAddress = new Dictionary<ulong, List<string>>();
        while (cursor.TryReadNext(out var symbol))
        {
            byAddress.TryAdd(symbol.Address, []);
            byAddress[symbol.Address].Add(Encoding.UTF8.GetString(names.Get(symbol.Name)));
        }

        int compared = 0;
        foreach (string line in File.ReadLines(cases))
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (root.GetProperty("fixture").GetString()?.EndsWith("linux/crash.debug", StringComparison.Ordinal) != true)
            {
                continue;
            }

            if (root.GetProperty("kind").GetString() == "symbol_map_summary")
            {
                Assert.Equal(root.GetProperty("expect").GetProperty("count").GetInt32(), byAddress.Count);
            }
            else
            {
                ulong address = Convert.ToUInt64(root.GetProperty("ask").GetProperty("addr").GetString(), 16);
                Assert.Contains(root.GetProperty("expect").GetProperty("name").GetString(), byAddress[address]);
                compared++;
            }
        }

        Assert.Equal(byAddress.Count, compared);
    }

    [Fact]
    public void A_corrupt_compressed_section_fails_the_session_and_not_the_file()
    {
        using var file = Open("symbolic/symbolic-testutils/fixtures/regression/elf_compressed_shf");
        using var image = Assert.Single(ObjectFormats.Open(file));

        var thrown = Assert.Throws<MalformedFileException>(() => image.OpenDebugSession(new InternPool()));
        Assert.Equal(MalformedReason.BadCompression, thrown.Fault.Reason);
        Assert.Equal(0x58, thrown.Fault.Offset);
    }

    [Fact]
    public void A_section_over_the_size_limit_counts_as_absent()
    {
        using var file = Open("symbolic/symbolic-testutils/fixtures/regression/elf_compressed_shf");
        using var image = Assert.Single(ObjectFormats.Open(file, new ParseLimits { DecompressedSectionBytes = 5 }));

        Assert.Null(image.OpenDebugSession(new InternPool()));
        Assert.Equal(MalformedReason.SizeOverLimit, Assert.Single(image.Faults.First).Fault.Reason);
    }

    private static MappedFileBytes Open(string relative)
    {
        string? path = Cases.Find(relative);
        Assert.SkipWhen(path is null, Cases.Absent);
        return MappedFileBytes.Open(path);
    }
}
