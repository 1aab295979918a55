using System.Globalization;
using System.Text.RegularExpressions;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb;

/// <summary>Agreement with what llvm-pdbutil has printed of the fixtures (tests/fixtures/build.d/windows*.sh).</summary>
public sealed partial class PdbOracleTests
{
    public static TheoryData<string> Files { get; } =
        [.. Directory.EnumerateFiles(Fixture.Path("oracle/windows"), "*.pdb.txt").Select(f => Path.GetFileName(f)[..^".pdb.txt".Length]).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Identity_and_public_symbols_are_those_of_pdbutil(string name)
    {
        string text = File.ReadAllText(Fixture.Path($"oracle/windows/{name}.pdb.txt"));
        byte[] bytes = Fixture.Bytes($"windows/{name}.pdb");
        using var file = new MemoryFileBytes(bytes);
        using var image = ObjectFormats.Open(file).Single();

        Assert.False(image.IsMalformed);
        Assert.Equal(
            $"{Id().Match(text).Groups[1].Value.ToLowerInvariant()}-{int.Parse(Age().Match(text).Groups[1].Value, CultureInfo.InvariantCulture):x}",
            image.DebugId?.ToString());
        Assert.Equal(ObjectShortcoming.None, image.Shortcoming);
        Assert.Equal(!text.Contains("New FPO stream not present", StringComparison.Ordinal), image.Features.HasFlag(ObjectFeatures.UnwindInfo));
        Assert.True(image.Features.HasFlag(ObjectFeatures.Symbols | ObjectFeatures.DebugInfo));

        var sections = Section().Matches(text)
            .Select(m => (Size: Hex(m.Groups[1].Value), Address: Hex(m.Groups[2].Value), IsCode: m.Groups[3].Value.StartsWith('6')))
            .ToList();
        Assert.Equal((ulong)sections.Max(section => section.Address + section.Size), image.ImageSize);

        var expected = Public().Matches(text)
            .Select(m => (Name: m.Groups[1].Value, Section: Decimal(m.Groups[2].Value), Offset: Decimal(m.Groups[3].Value)))
            .Where(p => p.Section <= sections.Count && sections[p.Section - 1].IsCode && p.Offset < sections[p.Section - 1].Size)
            .Select(p => (sections[p.Section - 1].Address + p.Offset, p.Name))
            .Order();
        Assert.Equal(expected, PdbPublicsTests.Symbols(bytes).Select(symbol => (symbol.Address, symbol.Name)).Order());
    }

    [Fact]
    public void Source_streams_of_a_linker_are_found()
    {
        using var file = new MemoryFileBytes(Fixture.Bytes("windows/sources-x64.pdb"));
        using var image = (PdbObject)ObjectFormats.Open(file).Single();

        // Expected: tests/fixtures/src/windows/sourcelink.json and srcsrv.ini, evaluated by hand.
        Assert.True(image.Features.HasFlag(ObjectFeatures.Sources));
        var links = image.ReadSourceLink();
        Assert.True(links!.TryGetUrl(@"C:\src\inlines.cpp", out string? url));
        Assert.Equal("https://sources.example/windows/inlines.cpp", url);
        Assert.True(links.TryGetUrl(@"C:\src\inline_b.h", out url));
        Assert.Equal("https://sources.example/special/inline_b.h", url);
        var server = image.ReadSourceServer();
        Assert.Equal("http", server!.VersionControl);
        Assert.True(server.TryFind(@"C:\src\inline_a.h", out var entry));
        Assert.Equal("https://sources.example/raw/4f2a/windows/inline_a.h", entry.Url);
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static int Decimal(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"GUID: \{(.*)\}")]
    private static partial Regex Id();

    [GeneratedRegex(@"Age: (\d+)")]
    private static partial Regex Age();

    [GeneratedRegex(@"SECTION HEADER #\d+\s+.* name\s+(\w+) virtual size\s+(\w+) virtual address(?s:.*?)(\w+) flags")]
    private static partial Regex Section();

    [GeneratedRegex(@"S_PUB32 \[size = \d+\] `(.*)`\s+flags = .*, addr = (\d+):(\d+)")]
    private static partial Regex Public();
}
