using System.Globalization;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Dwarf;

/// <summary>
/// Agreement with what llvm-symbolizer has answered (tests/fixtures/build.d/dwarf.sh) for the debug information of
/// several compilers, linkers, DWARF versions and machines.
/// </summary>
public sealed class OracleTests
{
    public static TheoryData<string> Fixtures { get; } =
        [.. Directory.EnumerateFiles(Fixture.Path("elf"), "dwarf-*.so").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Frames_are_those_of_llvm(string fixture)
    {
        using var file = new MemoryFileBytes(Fixture.Bytes($"elf/{fixture}.so"));
        using var image = ObjectFormats.Open(file).Single();
        var model = new FunctionModel(names => image.OpenDebugSession(names)!);
        Assert.Empty(image.Faults.First);

        int compared = 0;
        foreach (string line in Fixture.Oracle($"{fixture}.txt"))
        {
            string[] expected = line.Split('\t');
            ulong address = ulong.Parse(expected[0].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            string[] actual = model.Lookup(address - image.ImageBase);
            if (expected.Length == 2 && expected[1].StartsWith('|'))
            {
                // Padding behind a function: LLVM repeats the line of its last row, here it is nothing.
                // Code that only the line table knows has the line and no name.
                if (actual.Length == 0)
                {
                    continue;
                }
            }

            Assert.Equal(expected[1..], actual);
            compared++;
        }

        Assert.True(compared > 5, $"{compared} addresses");
    }

    [Fact]
    public void Fixtures_cover_versions_linkers_and_machines() => Assert.True(Fixtures.Count >= 35, $"{Fixtures.Count}");
}
