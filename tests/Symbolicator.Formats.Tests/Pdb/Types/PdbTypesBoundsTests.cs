using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb;
using Symbolicator.Formats.Pdb.Msf;
using Symbolicator.Formats.Pdb.Types;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Pdb.Types;

public sealed class PdbTypesBoundsTests
{
    private const uint Int = 0x74;

    private readonly TypesBuilder _types = new();
    private readonly TypesBuilder _items = new();
    private readonly FaultLog _faults = new();

    public static TheoryData<string> Cycles => new(
        "pointer", "modifier", "array", "bit field", "two pointers", "returned", "parameter", "class of a member pointer", "size", "self");

    [Theory]
    [MemberData(nameof(Cycles))]
    public void Types_that_refer_to_themselves_end(string how)
    {
        uint next = _types.Next;
        uint type = how switch
        {
            "pointer" => _types.Pointer(next),
            "modifier" => _types.Modifier(next, 1),
            "array" => _types.ArrayOf(next, 8),
            "bit field" => _types.Record(0x1205, new ByteBuilder().U32(next).U16(0x101).ToArray()),
            "two pointers" => _types.Pointer(_types.Pointer(next + 1) + 1),
            "returned" => _types.Pointer(_types.Procedure(next + 2)),
            "parameter" => _types.Pointer(_types.Procedure(3, next + 2)),
            "class of a member pointer" => _types.Pointer(Int, mode: 2, ofClass: next),
            "size" => _types.Pointer(_types.ArrayOf(_types.Enum("E", next), 8)),
            _ => _types.Method(0, next + 1),
        };
        uint function = how == "self" ? type : _types.Procedure(3, type);

        string name = Procedure(function);

        Assert.Equal(how == "self" ? "f()" : "f", name);
        Assert.Equal(how == "self" ? 0 : 1, _faults.Total);
    }

    [Fact]
    public void Long_records_count_as_often_as_they_are_read()
    {
        // Pointers to an array whose record of 64 KiB is read again for each.
        uint large = _types.Record(0x1503, new ByteBuilder().U32(Int).U32(0x23).U16(8).CString("").Zeros(65_000).ToArray());
        var functions = new List<uint>();
        for (int i = 0; i < 8000; i++)
        {
            functions.Add(_types.Procedure(3, _types.Pointer(large)));
        }

        using var names = Open(out _, ParseLimits.Default);
        foreach (uint function in functions)
        {
            names.OfProcedure("f"u8, function, isId: false);
        }

        Assert.Equal(MalformedReason.StepsOverLimit, Assert.Single(_faults.First).Fault.Reason);
    }

    [Fact]
    public void Types_are_nested_up_to_the_limit()
    {
        uint type = Int;
        for (int i = 0; i < 7; i++)
        {
            type = _types.Pointer(type);
        }

        uint deepest = _types.Procedure(3, type);
        uint tooDeep = _types.Procedure(3, _types.Pointer(type));
        var limits = new ParseLimits { TypeDepth = 8 };

        Assert.Equal("f(int*******)", Procedure(deepest, limits));
        Assert.True(_faults.IsEmpty);
        Assert.Equal("f", Procedure(tooDeep, limits));
        Assert.Equal(MalformedReason.DepthOverLimit, Assert.Single(_faults.First).Fault.Reason);
    }

    [Fact]
    public void A_name_takes_records_and_parameters_up_to_the_limit()
    {
        uint most = _types.Procedure(3, Int, Int, Int); // two records, three parameters
        uint tooMany = _types.Procedure(3, Int, Int, Int, Int);
        var limits = new ParseLimits { TypeSteps = 5 };

        Assert.Equal("f(int, int, int)", Procedure(most, limits));
        Assert.Equal("f", Procedure(tooMany, limits));
        Assert.Equal(MalformedReason.StepsOverLimit, Assert.Single(_faults.First).Fault.Reason);
    }

    [Fact]
    public void Parameters_are_as_long_as_the_limit()
    {
        uint longest = _types.Procedure(3, _types.Class("123456"));
        uint tooLong = _types.Procedure(3, _types.Class("1234567"));
        var limits = new ParseLimits { TypeNameBytes = 8 };

        Assert.Equal("f(123456)", Procedure(longest, limits));
        Assert.Equal("f", Procedure(tooLong, limits));
        Assert.Equal(MalformedReason.SizeOverLimit, Assert.Single(_faults.First).Fault.Reason);
    }

    [Fact]
    public void Parameters_that_double_with_each_level_end()
    {
        uint type = _types.Pointer(_types.Procedure(3));
        for (int i = 0; i < 40; i++)
        {
            type = _types.Pointer(_types.Procedure(3, type, type));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("f", Procedure(_types.Procedure(3, type)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void Names_out_of_proportion_to_the_file_lose_their_parameters()
    {
        uint function = _types.Procedure(3, _types.Class(new string('x', 16_000)));
        using var names = Open(out var pool, ParseLimits.Default);
        int spelled = 0;
        int raw = 0;
        for (int i = 0; i < 3000; i++)
        {
            string name = "function" + i;
            int length = pool.Get(names.OfProcedure(Encoding.UTF8.GetBytes(name), function, isId: false)).Length;
            spelled += length == name.Length + 16_002 ? 1 : 0;
            raw += length == name.Length ? 1 : 0;
        }

        Assert.InRange(spelled, 1000, 2000);
        Assert.Equal(3000, spelled + raw);
        Assert.Equal(MalformedReason.StepsOverLimit, Assert.Single(_faults.First).Fault.Reason);
    }

    [Fact]
    public void Types_that_lie_so_that_none_is_kept_are_given_up()
    {
        // 2,048 pieces of 2,048 records of four bytes each, of which 1,024 pieces are kept: every other one is counted again.
        const int Pieces = 2048;
        const int PerPiece = 2048;
        byte[] records = new byte[Pieces * PerPiece * 4];
        for (int i = 0; i < records.Length; i += 4)
        {
            records[i] = 2;
        }

        byte[] bytes = new PdbBuilder { Types = PdbBuilder.TypeStream(records, Pieces * PerPiece) }.Build();
        var pdb = PdbFile.Open(new MemoryFileBytes(bytes), ParseLimits.Default, _faults);
        using var names = new PdbFunctionNames(pdb, new InternPool());
        for (uint inside = 0; inside < 25; inside++)
        {
            for (uint piece = 0; piece < Pieces; piece++)
            {
                uint type = TypesBuilder.First + ((piece / 2) + (piece % 2 * (Pieces / 2))) * PerPiece + inside;
                Assert.False(names.OfProcedure("f"u8, type, isId: false).IsNone);
            }
        }

        Assert.Equal([MalformedReason.BadValue, MalformedReason.StepsOverLimit], _faults.First.Select(entry => entry.Fault.Reason));
    }

    [Theory]
    [InlineData(0x0002)] // LF_POINTER_16t
    [InlineData(0x0005)] // LF_STRUCTURE_16t
    [InlineData(0x1515)] // LF_TYPESERVER2
    [InlineData(0x7fff)]
    public void A_parameter_of_a_kind_that_is_not_read_leaves_the_recorded_name(int kind)
    {
        uint type = _types.Record(kind, new byte[16]);

        Assert.Equal("f", Procedure(_types.Procedure(3, _types.Pointer(type))));
        Assert.Equal(MalformedReason.Unsupported, Assert.Single(_faults.First).Fault.Reason);
    }

    [Fact]
    public void A_list_with_more_parameters_than_its_record_is_a_fault()
    {
        uint list = _types.Record(0x1201, [2, 0, 0, 0, 0x74, 0, 0, 0]);
        uint huge = _types.Record(0x1201, [0xff, 0xff, 0xff, 0xff, 0x74, 0, 0, 0]);

        Assert.Equal("f", Procedure(Function(list)));
        Assert.Equal("f", Procedure(Function(huge)));
        Assert.Equal(2, _faults.Total);
    }

    [Theory]
    [InlineData(0x2000u)] // behind the end
    [InlineData(0x0fffu)] // a simple type that is not defined
    [InlineData(0x1000u)] // the list itself
    [InlineData(uint.MaxValue)]
    public void A_parameter_that_is_no_type_leaves_the_recorded_name(uint parameter)
    {
        uint function = _types.Procedure(3, parameter);

        Assert.Equal("f", Procedure(function));
        Assert.Equal(1, _faults.Total);
    }

    [Fact]
    public void Records_that_are_cut_leave_the_recorded_name()
    {
        byte[][] bodies = [[], [0], [0x74, 0, 0, 0], [0x74, 0, 0, 0, 0]];
        foreach (int kind in (int[])[0x1001, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007, 0x1008, 0x1009, 0x100a, 0x1201, 0x1205, 0x1503, 0x1504, 0x1505, 0x1506, 0x1507, 0x150a, 0x1519, 0x1601])
        {
            foreach (byte[] body in bodies)
            {
                uint type = _types.Record(kind, body);
                _types.Procedure(3, type, _types.Pointer(type));
                _types.Method(type, type);
            }
        }

        using var names = Open(out _, ParseLimits.Default);
        for (uint type = TypesBuilder.First; type < _types.Next; type++)
        {
            Assert.False(names.OfProcedure("f"u8, type, isId: false).IsNone);
        }

        Assert.Equal(1, _faults.Total);
    }

    [Fact]
    public void Scopes_that_are_no_texts_are_left_out()
    {
        uint type = _types.Procedure(3);
        uint self = _items.Next;
        uint cyclic = _items.Text("cyclic", self);
        uint list = _items.TextList(_items.Next);
        uint many = _items.Text("many", _items.Record(0x1604, new ByteBuilder().U32(uint.MaxValue).U32(cyclic).ToArray()));
        uint listed = _items.Text("listed", list);

        foreach (uint scope in (uint[])[cyclic, list, many, listed, 0x5000, 0x10, type])
        {
            Assert.Equal("f()", Inlinee(_items.Function(scope, type, "f")));
        }

        Assert.Equal("f()", Inlinee(_items.MethodItem(0x7777, type, "f")));
        Assert.Equal("n::f", Inlinee(_items.Function(_items.Text("n"), 0x7777, "f")));
    }

    [Fact]
    public void Items_that_are_no_functions_have_no_name()
    {
        uint text = _items.Text("text");

        Assert.Equal("", Inlinee(text));
        Assert.Equal("", Inlinee(0));
        Assert.Equal("", Inlinee(0x7fff_ffff));
        Assert.Equal("", Inlinee(uint.MaxValue));
    }

    [Fact]
    public void Damage_stays_inside()
    {
        uint type = _types.Class("n::C");
        uint callback = _types.Pointer(_types.Procedure(3, _types.Pointer(_types.ArrayOf(_types.Modifier(Int, 1), 16)), 0));
        uint method = _types.Method(type, _types.Pointer(_types.Modifier(type, 1)), callback, _types.Pointer(Int, mode: 2, ofClass: type));
        uint scope = _items.Text("n", _items.TextList(_items.Text("m::")));
        uint function = _items.Function(scope, callback - 1, "f");
        uint member = _items.MethodItem(type, method, "g");
        var pdb = new PdbBuilder(512);
        byte[] list = _types.SkipList();
        pdb.NamedStream("hashes", list);
        pdb.Types = _types.Stream(5, list.Length);
        pdb.Items = _items.Stream();
        pdb.Module("a.obj", [], new ByteBuilder().U32(0xf7).U32(12).U32(pdb.Name("a.obj")).U32(1).U32(7).U32(0xf8).U32(8).U32(7).U32(function).ToArray());

        Mutator.Run(Mutator.Mutations(pdb.Build(), headerBytes: 64, random: 6000, keep: 56), bytes =>
        {
            var file = PdbFile.Open(new MemoryFileBytes(bytes), ParseLimits.Default, new FaultLog());
            using var names = new PdbFunctionNames(file, new InternPool());
            using var dbi = file.OpenDbi();
            var modules = file.OpenModules(dbi);
            while (modules.TryReadNext(out var module))
            {
                using var stream = new MsfReader(file.Msf.Open(module.Stream));
                names.EnterModule(module, stream);
                names.OfInlinee(0x8000_0000);
            }

            for (uint i = TypesBuilder.First; i < _types.Next + 2; i++)
            {
                names.OfProcedure("f"u8, i, isId: false);
                names.OfProcedure("f"u8, i, isId: true);
                names.OfInlinee(i);
            }
        });
        Assert.Equal("m::n::f(int const (*)[4], ...)", Inlinee(function));
        Assert.Equal("n::C::g(void (*)(int const (*)[4], ...), int n::C::*) const", Inlinee(member));
    }

    private uint Function(uint list) =>
        _types.Record(0x1008, new ByteBuilder().U32(3).U32(0x0001_0000).U32(list).ToArray());

    private string Procedure(uint type, ParseLimits? limits = null)
    {
        using var names = Open(out var pool, limits ?? ParseLimits.Default);
        return Encoding.UTF8.GetString(pool.Get(names.OfProcedure("f"u8, type, isId: false)));
    }

    private string Inlinee(uint item)
    {
        using var names = Open(out var pool, ParseLimits.Default);
        return Encoding.UTF8.GetString(pool.Get(names.OfInlinee(item)));
    }

    private PdbFunctionNames Open(out InternPool pool, ParseLimits limits)
    {
        pool = new InternPool();
        byte[] bytes = new PdbBuilder(512) { Types = _types.Stream(), Items = _items.Stream() }.Build();
        return new PdbFunctionNames(PdbFile.Open(new MemoryFileBytes(bytes), limits, _faults), pool);
    }
}
