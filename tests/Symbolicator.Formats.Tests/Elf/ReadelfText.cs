using System.Globalization;
using System.Text.RegularExpressions;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Elf;

/// <summary>What GNU readelf -W -h -l -S -n -d -s said about a fixture.</summary>
internal sealed partial class ReadelfText
{
    private readonly string[] _lines;

    public ReadelfText(string fixture) => _lines = Fixture.Oracle($"elf/{fixture}.txt");

    public string? BuildId => First(BuildIdLine())?.Groups[1].Value;

    public string? SharedObjectName => First(SonameLine())?.Groups[1].Value;

    public string Machine => First(MachineLine())!.Groups[1].Value;

    public string Type => First(TypeLine())!.Groups[1].Value;

    public List<(ulong Address, ulong MemorySize)> Loads =>
        [.. All(LoadLine()).Select(m => (Hex(m.Groups[1].Value), Hex(m.Groups[2].Value)))];

    public Dictionary<int, (string Name, string Type, bool IsCode)> Sections => All(SectionLine()).ToDictionary(
        m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture),
        m => (m.Groups[2].Value, m.Groups[3].Value, m.Groups[4].Value.Contains('X', StringComparison.Ordinal)));

    /// <summary>Symbols of type FUNC or IFUNC that lie in a section of code.</summary>
    public List<(ulong Address, ulong Size, string Name)> Functions()
    {
        var sections = Sections;
        return [.. All(SymbolLine())
            .Where(m => m.Groups[3].Value is "FUNC" or "IFUNC" or "<OS specific>: 10")
            .Where(m => int.TryParse(m.Groups[4].Value, CultureInfo.InvariantCulture, out int section)
                && sections.TryGetValue(section, out var where) && where.IsCode)
            .Select(m => (Hex(m.Groups[1].Value), ulong.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), m.Groups[5].Value))
            .Distinct()];
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private IEnumerable<Match> All(Regex line) => _lines.Select(l => line.Match(l)).Where(m => m.Success);

    private Match? First(Regex line) => All(line).FirstOrDefault();

    [GeneratedRegex(@"Build ID: ([0-9a-f]+)")]
    private static partial Regex BuildIdLine();

    [GeneratedRegex(@"\(SONAME\)\s+Library soname: \[(.*)\]")]
    private static partial Regex SonameLine();

    [GeneratedRegex(@"^  Machine:\s+(.*)$")]
    private static partial Regex MachineLine();

    [GeneratedRegex(@"^  Type:\s+(\S+)")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^  LOAD\s+0x[0-9a-f]+ 0x([0-9a-f]+) 0x[0-9a-f]+ 0x[0-9a-f]+ 0x([0-9a-f]+)")]
    private static partial Regex LoadLine();

    [GeneratedRegex(@"^  \[\s*(\d+)\] (\S+)\s+([A-Z_0-9]+)\s+[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ [0-9a-f]+\s+([A-Za-z]*)\s+\d+\s+\d+\s+\d+$")]
    private static partial Regex SectionLine();

    [GeneratedRegex(@"^\s+\d+: ([0-9a-f]+)\s+(\d+) (<OS specific>: 10|\S+)\s+\S+\s+\S+\s+(?:\[.*\]\s+)?(\S+) (\S+)")]
    private static partial Regex SymbolLine();
}
