using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb.Modules;

/// <summary>Line tables of Visual C++ before 2005, written by hand.</summary>
public sealed class C11LineTests
{
    [Fact]
    public void Rows_of_all_files_of_a_piece_of_code_belong_together()
    {
        byte[] table = Table(
            [(1, 0x10, 0x2f), (1, 0x40, 0x47)],
            ("a.c", [(1, [(0x10, 5), (0x20, 7)]), (1, [(0x40, 9)])]),
            ("b.h", [(1, [(0x18, 100)])]));
        Assert.Equal(
            [
                "f 1010-1030 | 1010=a.c:5 1018=b.h:100 1020=a.c:7",
                "g 1040-1048 | 1040=a.c:9",
            ],
            Functions(table, new CodeViewSymbols().Procedure("f", 0x10, 0x20, kind: 0x100b).End().Procedure("g", 0x40, 8, kind: 0x100a).End()));
    }

    [Fact]
    public void Code_without_a_procedure_keeps_its_lines()
    {
        byte[] table = Table([(1, 0x10, 0x1f)], ("a.asm", [(1, [(0x10, 5), (0x18, 6)])]));
        Assert.Equal(["? 1010-1020 | 1010=a.asm:5 1018=a.asm:6"], Functions(table, new CodeViewSymbols()));
    }

    [Fact]
    public void Rows_outside_of_the_code_of_the_module_are_left_out()
    {
        byte[] table = Table([(1, 0x10, 0x1f)], ("a.c", [(1, [(0x80, 5)]), (2, [(0x10, 6)]), (1, [(0x10, 7), (0x20, 8)])]));
        Assert.Equal(["f 1010-1030 | 1010=a.c:7 1020=0"], Functions(table, new CodeViewSymbols().Procedure("f", 0x10, 0x20).End()));
    }

    [Fact]
    public void A_table_cut_anywhere_loses_lines_alone()
    {
        byte[] table = Table(
            [(1, 0x10, 0x2f)], ("a.c", [(1, [(0x10, 5), (0x20, 7)])]), ("b.h", [(1, [(0x18, 100)])]));
        for (int length = 0; length < table.Length; length++)
        {
            string[] functions = Functions(table[..length], new CodeViewSymbols().Procedure("f", 0x10, 0x20).End());
            Assert.StartsWith("f 1010-1030", functions[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_listed_again_and_again_is_not_read_without_end()
    {
        // 65,535 files with one header, whose 60,000 blocks are all the same one.
        const int Files = 0xffff;
        const int Blocks = 60_000;
        const int Header = 4 + (4 * Files) + 10;
        const int Block = Header + 4 + (12 * Blocks) + 4;
        var table = new ByteBuilder().U16(Files).U16(1);
        for (int i = 0; i < Files; i++)
        {
            table.U32(Header);
        }

        table.U32(0).U32(0xffff).U16(1).U16(Blocks).U16(0);
        for (int i = 0; i < Blocks; i++)
        {
            table.U32(Block);
        }

        table.Zeros(8 * Blocks).CString("a.c").U16(1).U16(10_000).Zeros(60_000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Single(Functions(table.ToArray(), new CodeViewSymbols().Procedure("f", 0, 0x10).End()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Mutator.AllowedBytes);
    }

    [Fact]
    public void A_path_is_not_read_for_more_files_than_have_room()
    {
        // Two files with one header, whose path fills more than half of the table.
        const int Header = 4 + 8 + 10;
        string path = new('p', 100);
        byte[] table = new ByteBuilder().U16(2).U16(1).U32(Header).U32(Header).U32(0).U32(0xf).U16(1)
            .U16(1).U16(0).U32((uint)(Header + 16 + path.Length + 1)).U32(0).U32(0xf).CString(path)
            .U16(1).U16(1).U32(0).U16(7).ToArray();
        var module = new ModuleText();
        module.Pdb.Module("a.obj", new CodeViewSymbols().Procedure("f", 0, 0x10).End().ToArray(), c11: table);

        Assert.Equal([$"f 1000-1010 | 1000={path}:7"], module.Functions());
        Assert.Equal("C11 file", Assert.Single(module.Faults!.First).What);
    }

    private static string[] Functions(byte[] table, CodeViewSymbols symbols)
    {
        var module = new ModuleText();
        module.Pdb.Module("a.obj", symbols.ToArray(), c11: table);
        return module.Functions();
    }

    /// <summary>Counts, offsets of files, first and last offset of each piece of code, sections; files; blocks.</summary>
    private static byte[] Table(
        (int Section, uint First, uint Last)[] code,
        params (string Path, (int Section, (uint Offset, int Line)[] Rows)[] Blocks)[] files)
    {
        var bytes = new ByteBuilder().U16(files.Length).U16(code.Length);
        for (int i = 0; i < files.Length; i++)
        {
            bytes.Ref($"file {i}");
        }

        foreach (var (_, first, last) in code)
        {
            bytes.U32(first).U32(last);
        }

        foreach (var (section, _, _) in code)
        {
            bytes.U16(section);
        }

        bytes.Align(4);
        for (int i = 0; i < files.Length; i++)
        {
            var (path, blocks) = files[i];
            bytes.Label($"file {i}").U16(blocks.Length).U16(0);
            for (int j = 0; j < blocks.Length; j++)
            {
                bytes.Ref($"block {i} {j}");
            }

            foreach (var (_, rows) in blocks)
            {
                bytes.U32(rows[0].Offset).U32(rows[^1].Offset);
            }

            bytes.CString(path).Align(4);
            for (int j = 0; j < blocks.Length; j++)
            {
                var (section, rows) = blocks[j];
                bytes.Label($"block {i} {j}").U16(section).U16(rows.Length);
                foreach (var (offset, _) in rows)
                {
                    bytes.U32(offset);
                }

                foreach (var (_, line) in rows)
                {
                    bytes.U16(line);
                }

                bytes.Align(4);
            }
        }

        return bytes.ToArray();
    }
}
