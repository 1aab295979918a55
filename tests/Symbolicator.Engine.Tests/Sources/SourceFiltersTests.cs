using Symbolicator.Engine.Sources;

namespace Symbolicator.Engine.Tests.Sources;

public sealed class SourceFiltersTests
{
    [Theory]
    [InlineData("*", "anything", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("?:/windows/**", @"C:\Windows\System32\ntdll.dll", true)]
    [InlineData("C:/WINDOWS/*", @"c:\windows\system32\ntdll.dll", true)]
    [InlineData("/usr/lib/*.so", "/usr/lib/x/libfoo.so", true)]
    [InlineData("/usr/lib/*.so", "/usr/lib/libfoo.so.1", false)]
    [InlineData("*/lib?.so", "/x/liba.so", true)]
    [InlineData("*/lib?.so", "/x/lib.so", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[a-c]x", "dx", false)]
    [InlineData("[!a-c]x", "dx", true)]
    [InlineData("[!a-c]x", "Bx", false)]
    [InlineData("[]]x", "]x", true)]
    [InlineData("[abc", "[abc", true)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "aXbYbZ", false)]
    [InlineData("é", "É", false)]
    public void Globs_match_whole_paths(string pattern, string path, bool expected) =>
        Assert.Equal(expected, PathGlob.Matches(pattern, path));

    [Fact]
    public void Many_stars_take_no_exponential_time()
    {
        string pattern = string.Concat(Enumerable.Repeat("*a", 500)) + "b";

        Assert.False(PathGlob.Matches(pattern, new string('a', 5000)));
    }

    [Fact]
    public void A_module_without_any_path_matches_no_pattern()
    {
        var filters = new SourceFilters { PathPatterns = ["*"] };
        var query = SymbolPathsTests.Example("elf", FileType.ElfCode);

        Assert.True(filters.Allows(query with { DebugFile = null }));
        Assert.True(filters.Allows(query with { CodeFile = null }));
        Assert.False(filters.Allows(query with { CodeFile = null, DebugFile = null }));
        Assert.False(filters.Allows(query with { CodeFile = "", DebugFile = "" }));
    }

    [Fact]
    public void A_list_of_file_types_excludes_the_others()
    {
        var filters = new SourceFilters { FileTypes = [FileType.ElfDebug] };

        Assert.True(filters.Allows(SymbolPathsTests.Example("elf", FileType.ElfDebug)));
        Assert.False(filters.Allows(SymbolPathsTests.Example("elf", FileType.ElfCode)));
    }

    [Fact]
    public void A_source_that_requires_checksums_is_not_asked_without_one()
    {
        var filters = new SourceFilters { RequiresChecksum = true };
        var query = SymbolPathsTests.Example("elf", FileType.ElfCode);

        Assert.False(filters.Allows(query));
        Assert.True(filters.Allows(query with { DebugChecksum = "SHA256:00" }));
    }

    [Theory]
    [InlineData("macho", "mach_code breakpad mach_debug pdb elf_debug")]
    [InlineData("pe", "pe breakpad mach_debug pdb elf_debug")]
    [InlineData("elf", "elf_code breakpad mach_debug pdb elf_debug")]
    [InlineData("wasm", "wasm_code wasm_debug")]
    [InlineData("pe_dotnet", "portablepdb pdb")]
    [InlineData("anything", "pdb mach_debug elf_debug pe mach_code elf_code wasm_code wasm_debug breakpad sourcebundle uuidmap bcsymbolmap portablepdb proguard")]
    public void File_types_are_searched_in_the_order_of_the_table(string objectType, string expected)
    {
        var types = FileTypeLists.For(ObjectTypeNames.Parse(objectType), ObjectPurpose.Debug);

        Assert.Equal(expected, string.Join(' ', types.Select(type => type.Name())));
    }

    [Fact]
    public void Dotnet_modules_are_unwound_with_portable_pdbs_alone() =>
        Assert.Equal([FileType.PortablePdb], FileTypeLists.For(ObjectType.PeDotnet, ObjectPurpose.Unwind));
}
