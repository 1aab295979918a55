using System.Globalization;
using System.Text.RegularExpressions;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Tests.Dwarf;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pe;

/// <summary>Agreement with what LLVM's tools have printed of the fixtures (tests/fixtures/build.d/windows*.sh).</summary>
public sealed partial class PeOracleTests
{
    public static TheoryData<string> Images { get; } =
        [.. Directory.EnumerateFiles(Fixture.Path("oracle/windows"), "*.pe.txt").Select(f => Path.GetFileName(f)[..^".pe.txt".Length]).Order()];

    [Theory]
    [MemberData(nameof(Images))]
    public void Headers_ids_and_exports_are_those_of_readobj(string name)
    {
        string text = File.ReadAllText(Fixture.Path($"oracle/windows/{name}.pe.txt"));
        string file = FileName().Match(text).Groups[1].Value;
        using var image = PeReading.Open(Fixture.Bytes($"windows/{file}"));

        Assert.False(image.IsMalformed);
        Assert.Equal(Number(text, @"ImageBase: (\S+)"), image.ImageBase);
        Assert.Equal($"{Number(text, @"TimeDateStamp: .*\((\S+)\)"):x8}{Number(text, @"SizeOfImage: (\d+)"):x}", image.CodeId?.Hex);
        Assert.Equal(
            $"{Regex.Match(text, @"PDBGUID: \{(.*)\}").Groups[1].Value.ToLowerInvariant()}-{Number(text, @"PDBAge: (\d+)"):x}",
            image.DebugId?.ToString());
        Assert.Equal(Regex.Match(text, @"PDBFileName: (.*)").Groups[1].Value, image.Name ?? "");
        Assert.Equal(Number(text, @"ExceptionTableRVA: (\S+)") != 0, image.Features.HasFlag(ObjectFeatures.UnwindInfo));

        var code = Code(text);
        var exports = Export().Matches(text)
            .Select(m => (Address: Hex(m.Groups[2].Value), Name: m.Groups[1].Value))
            .Where(e => e.Name.Length > 0 && code.Any(c => c.Contains(e.Address)))
            .Order();
        Assert.Equal(exports, PeReading.Symbols(image).Select(s => (s.Address, s.Name)));
    }

    [Theory]
    [InlineData("mingw-x64", "exe")]
    [InlineData("mingw-x64", "debug")]
    [InlineData("mingw-x86", "exe")]
    [InlineData("mingw-x86", "debug")]
    public void Functions_of_dwarf_in_an_image_are_those_of_symbolizer(string name, string extension)
    {
        using var image = PeReading.Open(Fixture.Bytes($"windows/{name}.{extension}"));
        var model = new FunctionModel(names => image.OpenDebugSession(names)!);
        Assert.Empty(image.Faults.First);

        // Like LLVM, consumers prefer the name in the symbol table, which is mangled also where DWARF has a plain one.
        var symbols = PeReading.Symbols(image);
        int compared = 0;
        foreach (string line in Fixture.Oracle($"windows/{name}.lookup.txt"))
        {
            string[] expected = line.Split('\t')[2..];
            ulong address = Hex(line.Split('\t')[0]);
            string[] actual = model.Lookup(address);
            var here = symbols.Where(s => s.Address <= address && address < s.Address + s.Size).ToList();
            if (actual.Length == 0 || (actual[0][0] == '|' && here.Count == 0))
            {
                continue; // the run time, which has no debug information, and padding, for which LLVM goes on
            }

            string place = expected[^1][PlaceAt(expected[^1])..];
            if (here.Any(s => expected[^1].TrimStart('_') == s.Name.TrimStart('_') + place))
            {
                expected[^1] = actual[^1][..PlaceAt(actual[^1])] + place;
            }

            Assert.Equal(expected, actual);
            compared++;
        }

        Assert.True(compared > 100, $"{compared} ranges");
    }

    [Fact]
    public void Fixtures_are_of_all_machines() => Assert.True(Images.Count >= 12, $"{Images.Count}");

    /// <summary>Where file and line begin in FUNCTION|FILE|LINE.</summary>
    private static int PlaceAt(string frame) => frame.LastIndexOf('|', frame.LastIndexOf('|') - 1);

    private static List<AddressRange> Code(string text) =>
    [
        .. Section().Matches(text)
            .Where(m => m.Value.Contains("IMAGE_SCN_MEM_EXECUTE", StringComparison.Ordinal))
            .Select(m => new AddressRange(Hex(m.Groups[2].Value), Hex(m.Groups[2].Value) + Hex(m.Groups[1].Value))),
    ];

    private static ulong Number(string text, string pattern)
    {
        string digits = Regex.Match(text, pattern).Groups[1].Value;
        return digits.StartsWith("0x", StringComparison.Ordinal) ? Hex(digits) : ulong.Parse(digits, CultureInfo.InvariantCulture);
    }

    private static ulong Hex(string digits) => ulong.Parse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^File: (\S+)", RegexOptions.Multiline)]
    private static partial Regex FileName();

    [GeneratedRegex(@"Export \{\s+Ordinal: \d+\s+Name: (\S*)\s+RVA: (0x\w+)")]
    private static partial Regex Export();

    [GeneratedRegex(@"VirtualSize: (\S+)\s+VirtualAddress: (\S+)[^\[]*\[[^\]]*\]")]
    private static partial Regex Section();
}
