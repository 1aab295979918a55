using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Sources.Layouts;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Tests.Sources;

/// <summary>The rows of the layout tables; expected paths are listed best first.</summary>
public sealed class SymbolPathsTests
{
    private const string PdbUuid = "A1B2C3D4E5F60718293A4B5C6D7E8F90";
    private const string BuildId = "180a373d6afbabf0eb1f09be1bc45bd796a71085";
    private const string MachUuid = "497b72f6390a44fc878e5a2d63b6cc4b";

    [Theory]
    [InlineData("native", "pe", "pe", "Demo.exe/5F3C1A2B1c000/Demo.exe", "Demo.exe/5F3C1A2B1c000/Demo.ex_")]
    [InlineData("native", "pdb", "pe", "Demo.pdb/" + PdbUuid + "1a/Demo.pdb", "Demo.pdb/" + PdbUuid + "1a/Demo.pd_")]
    [InlineData("native", "portablepdb", "pe_dotnet", "Lib.pdb/" + PdbUuid + "ffffffff/Lib.pdb")]
    [InlineData("native", "elf_code", "elf", "18/0a373d6afbabf0eb1f09be1bc45bd796a71085")]
    [InlineData("native", "elf_debug", "elf", "18/0a373d6afbabf0eb1f09be1bc45bd796a71085.debug")]
    [InlineData("native", "mach_code", "macho", "497B/72F6/390A/44FC/878E/5A2D63B6CC4B.app")]
    [InlineData("native", "mach_debug", "macho", "497B/72F6/390A/44FC/878E/5A2D63B6CC4B")]
    [InlineData("native", "wasm_code", "wasm", "bd/a18fd85d4a4eb893022d6bfad846b1")]
    [InlineData("native", "wasm_debug", "wasm", "bd/a18fd85d4a4eb893022d6bfad846b1.debug")]
    [InlineData("native", "breakpad", "pe", "Demo.pdb/" + PdbUuid + "1a/Demo.sym")]
    [InlineData("native", "breakpad", "elf", "libFoo.so.1/3D370A18FB6AF0ABEB1F09BE1BC45BD70/libFoo.so.1.sym")]
    [InlineData("native", "sourcebundle", "pe", "Demo.pdb/" + PdbUuid + "1a/Demo.src.zip")]
    [InlineData("native", "sourcebundle", "pe_dotnet",
        "Lib.pdb/" + PdbUuid + "ffffffff/Lib.src.zip", "Lib.pdb/" + PdbUuid + "deadbeef/Lib.src.zip")]
    [InlineData("native", "sourcebundle", "elf",
        "18/0a373d6afbabf0eb1f09be1bc45bd796a71085.src.zip",
        "libFoo.so.1/3D370A18FB6AF0ABEB1F09BE1BC45BD70/libFoo.so.1.src.zip")]
    [InlineData("native", "sourcebundle", "macho",
        "497B/72F6/390A/44FC/878E/5A2D63B6CC4B.src.zip", "Foo/497B72F6390A44FC878E5A2D63B6CC4B0/Foo.src.zip")]
    [InlineData("native", "sourcebundle", "wasm", "bd/a18fd85d4a4eb893022d6bfad846b1.src.zip")]
    [InlineData("native", "uuidmap", "macho")]
    [InlineData("symstore", "pe", "pe", "Demo.exe/5F3C1A2B1c000/Demo.exe", "Demo.exe/5F3C1A2B1c000/Demo.ex_")]
    [InlineData("symstore", "pdb", "pe", "Demo.pdb/" + PdbUuid + "1a/Demo.pdb", "Demo.pdb/" + PdbUuid + "1a/Demo.pd_")]
    [InlineData("symstore", "portablepdb", "pe_dotnet", "Lib.pdb/" + PdbUuid + "ffffffff/Lib.pdb")]
    [InlineData("symstore", "elf_code", "elf", "libFoo.so.1/elf-buildid-" + BuildId + "/libFoo.so.1")]
    [InlineData("symstore", "elf_debug", "elf", "_.debug/elf-buildid-sym-" + BuildId + "/_.debug")]
    [InlineData("symstore", "mach_code", "macho", "Foo/mach-uuid-" + MachUuid + "/Foo")]
    [InlineData("symstore", "mach_debug", "macho", "_.dwarf/mach-uuid-sym-" + MachUuid + "/_.dwarf")]
    [InlineData("symstore", "sourcebundle", "pe", "Demo.pdb/" + PdbUuid + "1a/Demo.src.zip")]
    [InlineData("symstore", "breakpad", "elf")]
    [InlineData("symstore", "wasm_code", "wasm")]
    [InlineData("symstore_index2", "pe", "pe", "De/Demo.exe/5F3C1A2B1c000/Demo.exe", "De/Demo.exe/5F3C1A2B1c000/Demo.ex_")]
    [InlineData("symstore_index2", "pdb", "pe",
        "De/Demo.pdb/" + PdbUuid + "1a/Demo.pdb", "De/Demo.pdb/" + PdbUuid + "1a/Demo.pd_")]
    [InlineData("symstore_index2", "portablepdb", "pe_dotnet", "Li/Lib.pdb/" + PdbUuid + "ffffffff/Lib.pdb")]
    [InlineData("symstore_index2", "elf_code", "elf", "li/libFoo.so.1/elf-buildid-" + BuildId + "/libFoo.so.1")]
    [InlineData("symstore_index2", "elf_debug", "elf", "_/_.debug/elf-buildid-sym-" + BuildId + "/_.debug")]
    [InlineData("symstore_index2", "mach_code", "macho", "Fo/Foo/mach-uuid-" + MachUuid + "/Foo")]
    [InlineData("symstore_index2", "mach_debug", "macho", "_/_.dwarf/mach-uuid-sym-" + MachUuid + "/_.dwarf")]
    [InlineData("symstore_index2", "sourcebundle", "pe", "De/Demo.pdb/" + PdbUuid + "1a/Demo.src.zip")]
    [InlineData("ssqp", "pe", "pe", "demo.exe/5f3c1a2b1c000/demo.exe", "demo.exe/5f3c1a2b1c000/demo.ex_")]
    [InlineData("ssqp", "pdb", "pe",
        "demo.pdb/a1b2c3d4e5f60718293a4b5c6d7e8f901A/demo.pdb", "demo.pdb/a1b2c3d4e5f60718293a4b5c6d7e8f901A/demo.pd_")]
    [InlineData("ssqp", "portablepdb", "pe_dotnet", "lib.pdb/a1b2c3d4e5f60718293a4b5c6d7e8f90FFFFFFFF/lib.pdb")]
    [InlineData("ssqp", "elf_code", "elf", "libfoo.so.1/elf-buildid-" + BuildId + "/libfoo.so.1")]
    [InlineData("ssqp", "elf_debug", "elf", "_.debug/elf-buildid-sym-" + BuildId + "/_.debug")]
    [InlineData("ssqp", "mach_code", "macho", "foo/mach-uuid-" + MachUuid + "/foo")]
    [InlineData("ssqp", "mach_debug", "macho", "_.dwarf/mach-uuid-sym-" + MachUuid + "/_.dwarf")]
    [InlineData("ssqp", "sourcebundle", "pe", "demo.pdb/a1b2c3d4e5f60718293a4b5c6d7e8f901A/demo.src.zip")]
    [InlineData("debuginfod", "elf_code", "elf", BuildId + "/executable")]
    [InlineData("debuginfod", "elf_debug", "elf", BuildId + "/debuginfo")]
    [InlineData("debuginfod", "breakpad", "elf")]
    [InlineData("unified", "pe", "pe", "a1/b2c3d4e5f60718293a4b5c6d7e8f901a/executable", "a1/b2c3d4e5f60718293a4b5c6d7e8f901a/executabl_")]
    [InlineData("unified", "pdb", "pe", "a1/b2c3d4e5f60718293a4b5c6d7e8f901a/debuginfo", "a1/b2c3d4e5f60718293a4b5c6d7e8f901a/debuginf_")]
    [InlineData("unified", "portablepdb", "pe_dotnet", "a1/b2c3d4e5f60718293a4b5c6d7e8f90deadbeef/debuginfo")]
    [InlineData("unified", "elf_code", "elf", "18/0a373d6afbabf0eb1f09be1bc45bd796a71085/executable")]
    [InlineData("unified", "elf_debug", "elf", "18/0a373d6afbabf0eb1f09be1bc45bd796a71085/debuginfo")]
    [InlineData("unified", "mach_code", "macho", "49/7b72f6390a44fc878e5a2d63b6cc4b/executable")]
    [InlineData("unified", "mach_debug", "macho", "49/7b72f6390a44fc878e5a2d63b6cc4b/debuginfo")]
    [InlineData("unified", "wasm_code", "wasm", "bd/a18fd85d4a4eb893022d6bfad846b1/executable")]
    [InlineData("unified", "wasm_debug", "wasm", "bd/a18fd85d4a4eb893022d6bfad846b1/debuginfo")]
    [InlineData("unified", "breakpad", "pe", "a1/b2c3d4e5f60718293a4b5c6d7e8f901a/breakpad")]
    [InlineData("unified", "breakpad", "elf", "18/0a373d6afbabf0eb1f09be1bc45bd796a71085/breakpad")]
    [InlineData("unified", "sourcebundle", "pe", "a1/b2c3d4e5f60718293a4b5c6d7e8f901a/sourcebundle")]
    [InlineData("unified", "sourcebundle", "pe_dotnet", "a1/b2c3d4e5f60718293a4b5c6d7e8f90deadbeef/sourcebundle")]
    [InlineData("unified", "sourcebundle", "elf", "18/0a373d6afbabf0eb1f09be1bc45bd796a71085/sourcebundle")]
    [InlineData("unified", "sourcebundle", "macho", "49/7b72f6390a44fc878e5a2d63b6cc4b/sourcebundle")]
    [InlineData("unified", "sourcebundle", "wasm", "bd/a18fd85d4a4eb893022d6bfad846b1/sourcebundle")]
    [InlineData("unified", "uuidmap", "macho", "49/7b72f6390a44fc878e5a2d63b6cc4b/uuidmap")]
    [InlineData("unified", "bcsymbolmap", "macho", "49/7b72f6390a44fc878e5a2d63b6cc4b/bcsymbolmap")]
    [InlineData("unified", "il2cpp", "elf", "18/0a373d6afbabf0eb1f09be1bc45bd796a71085/il2cpp")]
    [InlineData("unified", "breakpad", "unknown")]
    [InlineData("slashsymbols", "elf_debug", "elf",
        "libFoo.so.1/180A373D6AFBABF0EB1F09BE1BC45BD796A71085/symbols", "libFoo.so.1/" + BuildId + "/symbols")]
    [InlineData("slashsymbols", "pdb", "elf",
        "libFoo.so.1/180A373D6AFBABF0EB1F09BE1BC45BD796A71085/symbols", "libFoo.so.1/" + BuildId + "/symbols",
        "libFoo.so.1/180A373D6AFBABF0EB1F09BE1BC45BD796A71085/symbol_", "libFoo.so.1/" + BuildId + "/symbol_")]
    [InlineData("native", "mach_debug", "pe")]
    [InlineData("native", "elf_debug", "pe", "5f/3c1a2b1c000.debug")]
    public void Paths_follow_the_layout_table(string layout, string fileType, string objectType, params string[] expected)
    {
        Assert.True(FileTypeNames.TryParse(fileType, out var type));
        var paths = SymbolPaths.Locate(new LayoutConfig { Type = Layout(layout) }, Example(objectType, type));

        Assert.Equal(expected, paths);
    }

    [Fact]
    public void A_pe_without_code_id_is_also_looked_for_by_the_uuid_of_its_pdb()
    {
        var query = Example("pe", FileType.MachDebug) with { CodeId = null };

        Assert.Equal(["A1B2/C3D4/E5F6/0718/293A/4B5C6D7E8F90"], SymbolPaths.Locate(new LayoutConfig(), query));
    }

    [Fact]
    public void A_macho_whose_code_id_is_no_uuid_has_no_uuid_path()
    {
        var query = Example("macho", FileType.MachDebug) with { CodeId = CodeId.Parse("abcdef") };

        Assert.Empty(SymbolPaths.Locate(new LayoutConfig(), query));
        Assert.Equal(
            ["497B/72F6/390A/44FC/878E/5A2D63B6CC4B"],
            SymbolPaths.Locate(new LayoutConfig(), query with { CodeId = null }));
    }

    [Theory]
    [InlineData("foo.dll", "foo.dll.sym")]
    [InlineData("foo.exe.pdb", "foo.exe.sym")]
    [InlineData("foo.PDB", "foo.PDB.sym")]
    [InlineData(@"C:\a/b\foo.pdb", "foo.sym")]
    public void Only_a_lower_case_pdb_suffix_gives_way_to_sym(string debugFile, string expected)
    {
        var query = Example("pe", FileType.Breakpad) with { DebugFile = debugFile };

        Assert.EndsWith("/" + expected, Assert.Single(SymbolPaths.Locate(new LayoutConfig(), query)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.exe", "a/a.exe/")]
    [InlineData("_.exe", "_/_.exe/")]
    [InlineData("x", "x/x/")]
    [InlineData("xy", "xy/xy/")]
    public void The_index2_prefix_has_two_characters_unless_the_second_is_a_dot(string codeFile, string expected)
    {
        var layout = new LayoutConfig { Type = LayoutType.SymstoreIndex2 };

        var paths = SymbolPaths.Locate(layout, Example("elf", FileType.ElfCode) with { CodeFile = codeFile });

        Assert.StartsWith(expected, Assert.Single(paths), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PathCasing.Lowercase, "demo.pdb/a1b2c3d4e5f60718293a4b5c6d7e8f901a/demo.pdb")]
    [InlineData(PathCasing.Uppercase, "DEMO.PDB/A1B2C3D4E5F60718293A4B5C6D7E8F901A/DEMO.PDB")]
    public void Casing_applies_to_the_whole_path(PathCasing casing, string expected)
    {
        var layout = new LayoutConfig { Type = LayoutType.Symstore, Casing = casing };

        var paths = SymbolPaths.Locate(layout, Example("pe", FileType.Pdb));

        Assert.Equal([expected, expected[..^1] + "_"], paths);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/usr/lib/")]
    [InlineData("/usr/lib/..")]
    [InlineData(@"C:\x\.")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u0085b")]
    public void A_name_that_cannot_stand_in_a_path_gives_no_path(string name)
    {
        var query = Example("pe", FileType.Pdb) with { DebugFile = name };

        Assert.Empty(SymbolPaths.Locate(new LayoutConfig(), query));
    }

    [Theory]
    [InlineData('x', 255, 2)]
    [InlineData('x', 256, 0)]
    [InlineData('é', 127, 2)]
    [InlineData('é', 128, 0)]
    public void Names_over_255_bytes_give_no_path(char letter, int length, int expected)
    {
        var query = Example("pe", FileType.Pdb) with { DebugFile = new string(letter, length) };

        Assert.Equal(expected, SymbolPaths.Locate(new LayoutConfig(), query).Count);
    }

    [Fact]
    public void No_layout_lets_a_path_escape()
    {
        string[] evil = ["..", "../../etc/passwd", @"..\..\secret", "/abs/../..", "a/..", ".", @"C:\..", "..%2f", "\u202e", "a//"];
        foreach (var layout in Enum.GetValues<LayoutType>())
        {
            foreach (string name in evil)
            {
                foreach (var type in Enum.GetValues<FileType>())
                {
                    foreach (string objectType in new[] { "pe", "elf", "macho", "wasm", "pe_dotnet", "unknown" })
                    {
                        var query = Example(objectType, type) with { CodeFile = name, DebugFile = name };
                        foreach (string path in SymbolPaths.Locate(new LayoutConfig { Type = layout }, query))
                        {
                            Assert.DoesNotContain(path.Split('/'), part => part is "" or "." or ".." || part.Contains('\\', StringComparison.Ordinal));
                        }
                    }
                }
            }
        }
    }

    internal static LayoutType Layout(string name) => name switch
    {
        "native" => LayoutType.Native,
        "symstore" => LayoutType.Symstore,
        "symstore_index2" => LayoutType.SymstoreIndex2,
        "ssqp" => LayoutType.Ssqp,
        "debuginfod" => LayoutType.Debuginfod,
        "unified" => LayoutType.Unified,
        _ => LayoutType.SlashSymbols,
    };

    internal static ObjectQuery Example(string objectType, FileType fileType) => objectType switch
    {
        "pe" => Query(ObjectType.Pe, fileType, "5f3c1a2b1c000", @"C:\App\Demo.exe", "a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90-1a", @"D:\b\Demo.pdb"),
        "pe_dotnet" => Query(ObjectType.PeDotnet, fileType, null, null, "a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90-deadbeef", "Lib.pdb"),
        "elf" => Query(
            ObjectType.Elf, fileType, BuildId, "/usr/lib/libFoo.so.1", "3d370a18-fb6a-f0ab-eb1f-09be1bc45bd7", "/usr/lib/libFoo.so.1"),
        "macho" => Query(ObjectType.MachO, fileType, MachUuid, "/x/Foo", "497b72f6-390a-44fc-878e-5a2d63b6cc4b", "/x/Foo"),
        "wasm" => Query(
            ObjectType.Wasm, fileType, "bda18fd85d4a4eb893022d6bfad846b1", "demo.wasm", "bda18fd8-5d4a-4eb8-9302-2d6bfad846b1", "demo.wasm"),
        _ => Query(ObjectType.Unknown, fileType, BuildId, "x", "a1b2c3d4-e5f6-0718-293a-4b5c6d7e8f90", "x"),
    };

    private static ObjectQuery Query(
        ObjectType type, FileType fileType, string? codeId, string? codeFile, string? debugId, string? debugFile) =>
        new(type, fileType, CodeId.Parse(codeId), codeFile, DebugId.Parse(debugId), debugFile);
}
