using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Breakpad;

public sealed class BreakpadObjectTests
{
    [Fact]
    public void Identity_comes_from_the_module_and_info_lines()
    {
        using var item = SymbolFile.Open(new BreakpadBuilder()
            .Module("windows", "x86", "3249D99D0C4049318610F4E4FB0B69361", "my crash.pdb")
            .Line("INFO GENERATOR some tool")
            .Line("INFO CODE_ID 5AB380779000 crash.exe"));

        Assert.Equal(FileFormat.Breakpad, item.Format);
        Assert.Equal(ObjectKind.Debug, item.Kind);
        Assert.Equal(Arch.X86, item.Arch);
        Assert.Equal("3249d99d-0c40-4931-8610-f4e4fb0b6936-1", item.DebugId?.ToString());
        Assert.Equal("5ab380779000", item.CodeId?.Hex);
        Assert.Equal("my crash.pdb", item.Name);
        Assert.Equal(0u, item.ImageBase);
        Assert.Equal(ObjectFeatures.None, item.Features);
        Assert.Null(item.OpenDebugSession(new InternPool()));
        Assert.Null(item.OpenUnwindTable());
    }

    [Theory]
    [InlineData("x86", Arch.X86)]
    [InlineData("x86_64", Arch.Amd64)]
    [InlineData("amd64", Arch.Amd64)]
    [InlineData("arm", Arch.Arm)]
    [InlineData("arm64", Arch.Arm64)]
    [InlineData("arm64e", Arch.Arm64e)]
    [InlineData("ppc64", Arch.Ppc64)]
    [InlineData("mips", Arch.Mips)]
    [InlineData("vax", Arch.Unknown)]
    public void Architectures_by_their_names(string name, Arch expected)
    {
        using var item = SymbolFile.Open(new BreakpadBuilder().Module(arch: name));

        Assert.Equal(expected, item.Arch);
    }

    [Fact]
    public void An_id_of_zeros_is_no_id()
    {
        using var item = SymbolFile.Open(new BreakpadBuilder().Module(id: new string('0', 33)));

        Assert.Null(item.DebugId);
    }

    [Theory]
    [InlineData("FUNC 10 10 0 f", ObjectFeatures.DebugInfo)]
    [InlineData("PUBLIC 10 0 p", ObjectFeatures.Symbols)]
    [InlineData("STACK CFI INIT 10 10 .cfa: $rsp 8 +", ObjectFeatures.UnwindInfo)]
    [InlineData("STACK WIN 0 10 10 0 0 0 0 0 0 0 0", ObjectFeatures.UnwindInfo)]
    public void Records_make_the_features(string record, ObjectFeatures expected)
    {
        using var item = SymbolFile.Open(new BreakpadBuilder().Module().Line(record));

        Assert.Equal(expected, item.Features);
    }

    [Theory]
    [InlineData("MODULE ")]
    [InlineData("MODULE Linux")]
    [InlineData("MODULE Linux x86_64")]
    [InlineData("MODULE Linux x86_64 12345 name")]
    [InlineData("MODULE Linux x86_64 C0BCC3F19827FE653058404B2831D9EX0 name")]
    public void A_bad_module_line_makes_the_file_unusable(string line)
    {
        var thrown = Assert.Throws<MalformedFileException>(() => SymbolFile.Open(Encoding.ASCII.GetBytes(line + "\n")));

        Assert.Equal(FileFormat.Breakpad, thrown.Format);
        Assert.Equal(new ParseFault(MalformedReason.BadValue, 0), thrown.Fault);
    }

    [Fact]
    public void A_first_line_that_does_not_end_within_the_header_is_refused()
    {
        string head = "MODULE Linux x86_64 C0BCC3F19827FE653058404B2831D9E60 ";
        string atLimit = head + new string('n', 319 - head.Length) + "\n";
        string beyond = head + new string('n', 320 - head.Length) + "\n";

        using var item = SymbolFile.Open(Encoding.ASCII.GetBytes(atLimit));
        var thrown = Assert.Throws<MalformedFileException>(() => SymbolFile.Open(Encoding.ASCII.GetBytes(beyond)));

        Assert.Equal(319 - head.Length, item.Name?.Length);
        Assert.Equal(new ParseFault(MalformedReason.SizeOverLimit, 320), thrown.Fault);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r\r\n")]
    public void All_line_ends_give_the_same_file(string end)
    {
        using var item = SymbolFile.Open(new BreakpadBuilder { LineEnd = end, OpenEnd = true }
            .Module().Line("INFO CODE_ID ABCDEF").File(1, "/src/a.c").Func(0x10, 0x20, "f").Row(0x10, 0x20, 7, 1).Public(0x40, "last"));

        Assert.Equal("crash", item.Name);
        Assert.Equal("abcdef", item.CodeId?.Hex);
        Assert.Equal(["10-30 f", "  10 /src|a.c:7"], SymbolFile.Functions(item));
        Assert.Equal(["40 0 last"], SymbolFile.Symbols(item));
        Assert.True(item.Faults.IsEmpty);
    }

    [Fact]
    public void Symbols_keep_blanks_and_lose_the_marker_of_shared_ones()
    {
        using var item = SymbolFile.Open(new BreakpadBuilder().Module()
            .Line("PUBLIC m 20 4 shared by two").Line("PUBLIC 30 0").Line("PUBLIC zz 0 bad").Public(0x10, "operator new(unsigned long)"));

        Assert.Equal(["20 0 shared by two", "30 0 <unknown>", "10 0 operator new(unsigned long)"], SymbolFile.Symbols(item));
        Assert.Equal(1, item.Faults.Total);
    }

    [Fact]
    public void A_name_of_150_kilobytes_is_kept_whole()
    {
        string name = new('x', 150_000);
        using var item = SymbolFile.Open(new BreakpadBuilder().Module().Func(0x10, 0x10, name));

        Assert.Equal([$"10-20 {name}"], SymbolFile.Functions(item));
    }

    /// <summary>No half-open range has the last address in it; thousands of them also must not search each other.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Functions_at_the_last_address_are_left_out(ulong size)
    {
        using var item = SymbolFile.Open(new BreakpadBuilder().Module()
            .Func(0x1000, 16, "f").Func(ulong.MaxValue, size, "last").Func(ulong.MaxValue, size, "last"));

        Assert.Equal(["1000-1010 f"], SymbolFile.Functions(item));
        Assert.Equal(2, item.Faults.Total);
    }
}
