using Symbolicator.Formats.Core;
using Symbolicator.Formats.Elf;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Elf;

/// <summary>Images of many CPUs and shapes against what readelf says about them.</summary>
public sealed class ElfOracleTests
{
    public static TheoryData<string> All =>
    [
        "sym-x64.so", "sym-x86.so", "sym-arm64.so", "sym-arm.so", "sym-ppc64.so", "sym-ppc.so", "sym-mips.so", "sym-mips64.so",
        "sym-x64-id-fast.so", "sym-x64-id-custom.so", "sym-x64-id-none.so", "sym-x64.debug", "sym-x64.debug-zlib",
        "sym-x64.debug-zstd", "sym-x64.debug-zlib-gnu", "sym-x64-link1.so", "sym-x64-hash-gnu.so", "sym-x64-hash-sysv.so",
        "sym-x64-pie", "sym-x64-static", "sym-x64-static.debug", "sym-x64.o",
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Identity_and_layout_are_those_of_readelf(string name)
    {
        var oracle = new ReadelfText(name);
        using var image = ElfReading.Open(Fixture.Bytes($"elf/{name}"));

        Assert.Equal(oracle.BuildId, image.CodeId?.Hex);
        Assert.Equal(name.Contains(".debug", StringComparison.Ordinal) ? null : oracle.SharedObjectName, image.Name);
        Assert.Equal(ArchOf(oracle.Machine, name), image.Arch);
        Assert.Equal(oracle.Loads.Select(l => l.Address).FirstOrDefault(), image.ImageBase);
        ulong end = oracle.Loads.Select(l => l.Address + l.MemorySize).DefaultIfEmpty().Max();
        Assert.Equal(end - image.ImageBase, image.ImageSize);
        Assert.False(image.IsMalformed);
        Assert.True(image.Faults.IsEmpty);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Functions_are_those_of_readelf(string name)
    {
        var oracle = new ReadelfText(name);
        using var image = ElfReading.Open(Fixture.Bytes($"elf/{name}"));
        bool stripped = name.Contains("-hash-", StringComparison.Ordinal); // recorded before; only the dynamic table is left
        var symbols = ElfReading.Symbols(image);
        ulong instructionSet = image.Arch == Arch.Arm ? 1u : 0u;

        foreach (var (address, size, function) in oracle.Functions())
        {
            var expected = (address & ~instructionSet, size, function);
            if (stripped && function is "scale" or "hidden_difference" or "choose")
            {
                continue;
            }

            Assert.Contains(symbols, s => (s.Address, s.Name) == (expected.Item1, function) && (size == 0 || s.Size == size));
        }

        string[] labels = ["untyped_entry", "local_routine", "second_local_routine"];
        Assert.All(symbols, s => Assert.True(
            labels.Contains(s.Name) || oracle.Functions().Any(f => (f.Address & ~instructionSet, f.Name) == (s.Address, s.Name)), s.Name));
        Assert.Equal(symbols.Count, symbols.Distinct().Count());
        Assert.NotEmpty(symbols);
    }

    [Theory]
    [InlineData("sym-x64.so")]
    [InlineData("sym-arm.so")]
    [InlineData("sym-mips.so")]
    public void Labels_count_only_where_no_function_reaches(string name)
    {
        using var image = ElfReading.Open(Fixture.Bytes($"elf/{name}"));
        var sizes = ElfReading.Symbols(image).ToDictionary(s => s.Name, s => s.Size);
        ulong slot = sizes["sized_function"] / 2; // two instructions, as in all parts of labels.S

        Assert.Equal(2 * slot, sizes["untyped_entry"]); // also over inner_place
        Assert.Equal(2 * slot, sizes["open_function"]); // up to sized_function
        Assert.Equal(slot, sizes["local_routine"]);
        Assert.True(sizes["second_local_routine"] >= slot); // up to the next function or the end of the section
        Assert.DoesNotContain("inner_place", sizes.Keys);
        Assert.DoesNotContain("place_in_open_function", sizes.Keys);
        Assert.DoesNotContain("place_in_sized_function", sizes.Keys);
        Assert.DoesNotContain("global_place_in_sized_function", sizes.Keys);
    }

    [Theory]
    [InlineData("sym-x64.so", ObjectKind.Library, true, true)]
    [InlineData("sym-x64.debug", ObjectKind.Debug, true, false)]
    [InlineData("sym-x64.debug-zlib-gnu", ObjectKind.Debug, true, false)]
    [InlineData("sym-x64-link1.so", ObjectKind.Library, false, true)]
    [InlineData("sym-x64-hash-gnu.so", ObjectKind.Library, false, false)]
    [InlineData("sym-x64-pie", ObjectKind.Executable, true, true)]
    [InlineData("sym-x64-static", ObjectKind.Executable, true, true)]
    [InlineData("sym-x64-static.debug", ObjectKind.Debug, true, false)]
    [InlineData("sym-x64.o", ObjectKind.Relocatable, true, true)]
    public void Kind_and_features_follow_from_what_the_file_holds(string name, ObjectKind kind, bool debug, bool unwind)
    {
        using var image = ElfReading.Open(Fixture.Bytes($"elf/{name}"));

        Assert.Equal(kind, image.Kind);
        Assert.Equal(debug, image.Features.HasFlag(ObjectFeatures.DebugInfo));
        Assert.Equal(unwind, image.Features.HasFlag(ObjectFeatures.UnwindInfo));
        Assert.True(image.Features.HasFlag(ObjectFeatures.Symbols));
    }

    [Fact]
    public void Without_a_build_id_the_code_is_hashed_but_not_in_its_debug_file()
    {
        byte[] bytes = Fixture.Bytes("elf/sym-x64-id-none.so");
        using var image = ElfReading.Open(bytes);

        // 16-byte lanes of .text, which readelf puts at this offset and size, XORed by hand; then the GUID swap.
        string text = Fixture.Oracle("elf/sym-x64-id-none.so.txt").Single(l => l.Contains("] .text ", StringComparison.Ordinal));
        string[] fields = text[(text.IndexOf(']') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int offset = Convert.ToInt32(fields[3], 16), size = Convert.ToInt32(fields[4], 16);
        byte[] lanes = new byte[16];
        for (int i = 0; i < size; i++)
        {
            lanes[i % 16] ^= bytes[offset + i];
        }

        Assert.Null(image.CodeId);
        Assert.Equal(new Guid(lanes).ToString(), image.DebugId?.ToString());
    }

    [Theory]
    [InlineData("sym-x64-link1.so", "1")]
    [InlineData("sym-x64-link12.so", "12")]
    [InlineData("sym-x64-link123.so", "123")]
    [InlineData("sym-x64-link1234.so", "1234")]
    public void A_debug_link_names_the_debug_file_and_its_checksum(string name, string target)
    {
        using var image = ElfReading.Open(Fixture.Bytes($"elf/{name}"));
        using var debug = new MemoryFileBytes(Fixture.Bytes("elf/sym-x64.debug"));
        using var other = new MemoryFileBytes(Fixture.Bytes("elf/sym-x64.so"));

        var link = Assert.Single(image.Links);
        Assert.Equal((ObjectLinkKind.DebugLink, target), (link.Kind, link.Name));
        Assert.True(DebugLinkCrc.Matches(link, debug));
        Assert.False(DebugLinkCrc.Matches(link, other));
    }

    [Fact]
    public void The_checksum_is_that_of_zlib()
    {
        // The check value that every description of CRC-32/ISO-HDLC gives.
        using var file = new MemoryFileBytes("123456789"u8.ToArray());
        Assert.Equal(0xcbf4_3926u, DebugLinkCrc.Compute(file));
    }

    private static Arch ArchOf(string machine, string name) => machine switch
    {
        "Advanced Micro Devices X86-64" => Arch.Amd64,
        "Intel 80386" => Arch.X86,
        "AArch64" => Arch.Arm64,
        "ARM" => Arch.Arm,
        "PowerPC" => Arch.Ppc,
        "PowerPC64" => Arch.Ppc64,
        "MIPS R3000" => name.Contains("mips64", StringComparison.Ordinal) ? Arch.Mips64 : Arch.Mips,
        _ => Arch.Unknown,
    };
}
