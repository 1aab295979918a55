using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb;

public sealed class PdbFileTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_head_of_a_file_is_read(bool scatter)
    {
        var builder = new PdbBuilder(512) { InfoAge = 9, Age = 3, Machine = 0x14c, Scatter = scatter };
        ushort code = builder.Section(".text", 0x1000, 0x500);
        ushort data = builder.Section(".data", 0x2000, 0x80, 0xc000_0040);
        uint first = builder.Name("c:\\a.cpp");
        uint second = builder.Name("c:\\b.cpp");
        byte[] symbols = PdbBuilder.Record(0x1101, [0, 0, 0, 0, (byte)'o', 0]);
        builder.Module("first.obj", symbols, [1, 2, 3, 4], [5, 6, 7, 8]);
        builder.Module("second.obj", null, objectName: "library.lib");
        builder.NamedStream("srcsrv", [1, 2, 3]);

        var pdb = Open(builder.Build());

        Assert.Equal("3249d99d-0c40-4931-8610-f4e4fb0b6936-3", pdb.DebugId.ToString());
        Assert.Equal(9u, pdb.Info.Id.Age);
        Assert.True(pdb.Info.HasItemStream);
        Assert.Equal(0x14c, pdb.Dbi!.Machine);
        Assert.True(pdb.Addresses.TryToRva(code, 0x4ff, out uint rva));
        Assert.Equal(0x14ffu, rva);
        Assert.True(pdb.Addresses.IsCode(code));
        Assert.False(pdb.Addresses.IsCode(data));
        Assert.Equal([1, 2, 3], MsfFileTests.ReadAll(pdb.OpenNamedStream("srcsrv")));
        using var strings = pdb.OpenStrings();
        Assert.True(strings.TryGet(first, out var text));
        Assert.Equal("c:\\a.cpp"u8, text);
        Assert.True(strings.TryGet(second, out text));
        Assert.Equal("c:\\b.cpp"u8, text);

        using var dbi = pdb.OpenDbi();
        var modules = pdb.OpenModules(dbi);
        Assert.True(modules.TryReadNext(out var module));
        Assert.Equal((0, (uint)symbols.Length + 4, 4u, 4u), (module.Index, module.SymbolBytes, module.C11Bytes, module.C13Bytes));
        byte[] stream = MsfFileTests.ReadAll(pdb.Msf.Open(module.Stream));
        Assert.Equal(symbols, stream[4..(int)module.C11In(long.MaxValue).Offset]);
        Assert.Equal([5, 6, 7, 8], stream[(int)module.C11In(long.MaxValue).Offset..(int)module.C13Start]);
        Assert.Equal([1, 2, 3, 4], stream[(int)module.C13Start..((int)module.C13Start + 4)]);
        Assert.True(modules.TryReadNext(out module));
        Assert.Equal((1, -1), (module.Index, module.Stream));
        Assert.True(dbi.TryReadCString(module.NameOffset, 100, out text));
        Assert.Equal("second.obj"u8, text);
        Assert.False(modules.TryReadNext(out _));
        Assert.True(pdb.Faults.IsEmpty);
    }

    internal static PdbFile Open(byte[] bytes) => PdbFile.Open(new MemoryFileBytes(bytes), ParseLimits.Default, new FaultLog());
}
