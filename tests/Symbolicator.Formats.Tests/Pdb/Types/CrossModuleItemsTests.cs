using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb;
using Symbolicator.Formats.Pdb.Msf;
using Symbolicator.Formats.Pdb.Types;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb.Types;

public sealed class CrossModuleItemsTests
{
    private const int Imports = 0xf7; // DEBUG_S_CROSSSCOPEIMPORTS
    private const int Exports = 0xf8; // DEBUG_S_CROSSSCOPEEXPORTS
    private const uint Mark = 0x8000_0000;

    private readonly PdbBuilder _pdb = new(512) { Scatter = true };
    private readonly TypesBuilder _types = new();
    private readonly TypesBuilder _items = new();
    private readonly FaultLog _faults = new();

    /// <summary>The second module exports a function as its item 0x80001234 and the type of that as 0x1234.</summary>
    public CrossModuleItemsTests()
    {
        uint type = _types.Procedure(3, 0x74);
        uint other = _types.Procedure(3, 0x70);
        uint item = _items.Function(0, type, "shared");
        uint local = 0x1234;
        _pdb.Module("first.obj", [], Subsection(Imports, b => b
            .U32(_pdb.Name("c:\\OTHER.obj")).U32(2).U32(1).U32(2)
            .U32(_pdb.Name("c:\\Second.obj")).U32(3).U32(0x77).U32(Mark | local).U32(local)));
        _pdb.Module("c:\\second.OBJ", [], [.. Subsection(0xf4, b => b.U8(1)), .. Subsection(Exports, b => b
            .U32(local).U32(other).U32(Mark | local).U32(item).U32(0x77).U32(Mark | 5))]);
    }

    [Fact]
    public void A_marked_number_is_found_through_imports_and_exports()
    {
        Assert.Equal("shared(int)", Inlinee(0, Mark | (1 << 20) | 1));
        Assert.Equal("f(int)", Procedure(0, Mark | (1 << 20) | 1, isId: true));
        Assert.Equal("f(char)", Procedure(0, Mark | (1 << 20) | 2, isId: false));
        Assert.True(_faults.IsEmpty);
    }

    [Theory]
    [InlineData(0, Mark | (1 << 20) | 3)] // no such import
    [InlineData(0, Mark | (2 << 20))] // no such module
    [InlineData(0, Mark)] // a module that does not exist
    [InlineData(0, Mark | (1 << 20))] // exported as a number that is marked itself
    [InlineData(0, uint.MaxValue)]
    [InlineData(1, Mark | (1 << 20) | 1)] // a module without imports
    public void What_cannot_be_found_has_no_name(int module, uint number)
    {
        Assert.Equal("", Inlinee(module, number));
        Assert.Equal(1, _faults.Total);
        Assert.Equal("f", Procedure(module, number, isId: true));
    }

    [Fact]
    public void Before_the_first_module_nothing_is_found()
    {
        using var names = new PdbFunctionNames(Open(), new InternPool());

        Assert.True(names.OfInlinee(Mark | (1 << 20) | 1).IsNone);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(0x4000_0000u)]
    [InlineData(4u)]
    public void Imports_that_leave_their_list_are_a_fault(uint count)
    {
        int module = _pdb.Module("third.obj", [], Subsection(Imports, b => b.U32(1).U32(count).U32(1).U32(2).U32(3)));

        Assert.Equal("", Inlinee(module, Mark));
        Assert.Equal(MalformedReason.Truncated, _faults.First[0].Fault.Reason);
    }

    [Fact]
    public void A_subsection_longer_than_the_stream_ends_with_it()
    {
        int module = _pdb.Module("third.obj", [], new ByteBuilder().U32(Imports).U32(uint.MaxValue).U32(0).U32(1).U32(9).ToArray());

        Assert.Equal("", Inlinee(module, Mark));
    }

    [Fact]
    public void A_stream_of_many_modules_is_searched_once()
    {
        const int Modules = 2000;
        var builder = new PdbBuilder();
        var imports = new ByteBuilder();
        for (int i = 0; i < Modules; i++)
        {
            imports.U32(builder.Name($"m{i}")).U32(1).U32(1);
        }

        builder.Module("user.obj", [], new ByteBuilder().U32(Imports).U32((uint)imports.Length).Bytes(imports.ToArray()).ToArray());
        byte[] empty = new byte[16 << 20]; // subsections without content
        for (int i = 0; i < Modules; i++)
        {
            builder.Module($"m{i}", [], i == 0 ? empty : []);
        }

        var streams = builder.BuildStreams();
        byte[] dbi = streams.Streams[3]!;
        int at = 64;
        byte[]? shared = null;
        for (int i = 0; i <= Modules; i++)
        {
            if (i > 0)
            {
                shared ??= dbi[(at + 34)..(at + 48)]; // stream and sizes of the first
                shared.CopyTo(dbi, at + 34);
            }

            at = Array.IndexOf(dbi, (byte)0, at + 64) + 1;
            at = (Array.IndexOf(dbi, (byte)0, at) + 4) & ~3;
        }

        using var file = new MemoryFileBytes(streams.Build());
        var pdb = PdbFile.Open(file, ParseLimits.Default, _faults);
        using var names = new PdbFunctionNames(pdb, new InternPool());
        using var reader = pdb.OpenDbi();
        var modules = pdb.OpenModules(reader);
        Assert.True(modules.TryReadNext(out var module));
        using var stream = new MsfReader(pdb.Msf.Open(module.Stream));
        names.EnterModule(module, stream);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (uint i = 0; i < Modules; i++)
        {
            Assert.True(names.OfInlinee(Mark | (i << 20)).IsNone);
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30));
    }

    private static byte[] Subsection(int kind, Action<ByteBuilder> content) =>
        new ByteBuilder().U32((uint)kind).WithLength(4, content).Align(4).ToArray();

    private string Inlinee(int module, uint number) => Name(module, names => names.OfInlinee(number));

    private string Procedure(int module, uint number, bool isId) => Name(module, names => names.OfProcedure("f"u8, number, isId));

    private string Name(int index, Func<PdbFunctionNames, StringRef> ask)
    {
        var pdb = Open();
        var pool = new InternPool();
        using var names = new PdbFunctionNames(pdb, pool);
        using var dbi = pdb.OpenDbi();
        var modules = pdb.OpenModules(dbi);
        PdbModule module = default;
        for (int i = 0; i <= index; i++)
        {
            Assert.True(modules.TryReadNext(out module));
        }

        using var stream = new MsfReader(pdb.Msf.Open(module.Stream));
        names.EnterModule(module, stream);
        return Encoding.UTF8.GetString(pool.Get(ask(names)));
    }

    private PdbFile Open()
    {
        _pdb.Types = _types.Stream();
        _pdb.Items = _items.Stream();
        return PdbFile.Open(new MemoryFileBytes(_pdb.Build()), ParseLimits.Default, _faults);
    }
}
