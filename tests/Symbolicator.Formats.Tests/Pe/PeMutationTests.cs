using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pe;

/// <summary>Damage is contained, wherever it is.</summary>
public sealed class PeMutationTests
{
    [Theory]
    [InlineData("exports-x86.dll", 0x200, 1)] // all of the headers
    [InlineData("shapes-x64.exe", 0x40, 2)]
    [InlineData("shapes-arm64.exe", 0x40, 3)]
    [InlineData("ledger.dll", 0x40, 4)]
    [InlineData("mingw-x86.exe", 0, 5)]
    [InlineData("mingw-x64.debug", 0, 6)]
    public void Damage_is_contained(string fixture, int headerBytes, int seed) =>
        Mutator.Run(Mutator.Mutations(Fixture.Bytes($"windows/{fixture}"), headerBytes, random: 150, seed, keep: 2), PeReading.ReadAll);
}
