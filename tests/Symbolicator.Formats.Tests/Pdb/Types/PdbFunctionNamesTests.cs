using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Types;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb.Types;

public sealed class PdbFunctionNamesTests
{
    private const uint Int = 0x74;
    private const uint Char = 0x70;
    private const uint Void = 0x03;
    private const uint VoidPointer = 0x603;
    private const uint Ellipsis = 0;
    private const int Const = 1;
    private const int Volatile = 2;

    private readonly TypesBuilder _types = new();
    private readonly TypesBuilder _items = new();

    [Fact]
    public void Simple_types_are_spelled_as_in_source()
    {
        uint function = _types.Procedure(Void, Int, 0x75, 0x77, 0x76, 0x30, 0x71, 0x41, 0x22, 0x20, 0x10, 0x7c, 0x103, VoidPointer, 0x470, 0x08);

        Assert.Equal(
            "f(int, unsigned int, unsigned __int64, __int64, bool, wchar_t, double, unsigned long, unsigned char, signed char, char8_t, "
            + "std::nullptr_t, void*, char*, HRESULT)",
            Procedure("f", function));
    }

    [Fact]
    public void No_parameters_are_empty_parentheses()
    {
        Assert.Equal("f()", Procedure("f", _types.Procedure(Int)));
        Assert.Equal("f()", Procedure("f", _types.Procedure(Int, Void)));
    }

    [Fact]
    public void More_parameters_are_dots()
    {
        uint format = _types.Pointer(_types.Modifier(Char, Const));

        Assert.Equal("print(char const*, ...)", Procedure("print", _types.Procedure(Int, format, Ellipsis)));
        Assert.Equal("any(...)", Procedure("any", _types.Procedure(Int, Ellipsis)));
    }

    [Fact]
    public void A_list_of_dots_that_the_function_does_not_count_is_a_missing_prototype()
    {
        uint list = _types.Arguments(Ellipsis);
        uint function = _types.Record(0x1008, [0x74, 0, 0, 0, 0, 0, 0, 0, (byte)list, (byte)(list >> 8), 0, 0]);

        Assert.Equal("old()", Procedure("old", function));
    }

    [Fact]
    public void Const_stands_behind_what_is_pointed_to_and_before_values()
    {
        uint text = _types.Modifier(0x71, Const);
        uint pointer = _types.Pointer(text);
        uint fixedPointer = _types.Pointer(text, flags: 1 << 10);
        uint value = _types.Modifier(0x75, Const);
        uint both = _types.Modifier(_types.Class("C"), Const | Volatile);
        uint function = _types.Procedure(Void, pointer, fixedPointer, value, both, _types.Pointer(both, mode: 1));

        Assert.Equal(
            "f(wchar_t const*, wchar_t const* const, const unsigned int, const volatile C, C const volatile&)", Procedure("f", function));
    }

    [Fact]
    public void Pointers_to_pointers_and_references_follow_each_other()
    {
        uint pointer = _types.Pointer(_types.Pointer(_types.Class("n::C")));
        uint function = _types.Procedure(
            Void, pointer, _types.Pointer(VoidPointer, mode: 1), _types.Pointer(_types.Pointer(Char), mode: 4),
            _types.Pointer(Char, flags: 1 << 12), _types.Pointer(Int, flags: (1 << 9) | (1 << 10)), _types.Modifier(pointer, Const));

        Assert.Equal("f(n::C**, void*&, char*&&, char* __restrict, int* const volatile, n::C** const)", Procedure("f", function));
    }

    [Fact]
    public void Functions_are_pointed_to_in_parentheses()
    {
        uint callback = _types.Pointer(_types.Procedure(0x30, VoidPointer, Ellipsis));
        uint fixedCallback = _types.Pointer(_types.Procedure(Void), flags: 1 << 10);

        Assert.Equal("f(bool (*)(void*, ...), void (* const)())", Procedure("f", _types.Procedure(Void, callback, fixedCallback)));
    }

    [Fact]
    public void A_function_that_returns_a_function_is_spelled_around_it()
    {
        uint inner = _types.Pointer(_types.Procedure(Void, Int));
        uint outer = _types.Pointer(_types.Procedure(inner, Char));

        Assert.Equal("f(void (*(*)(char))(int))", Procedure("f", _types.Procedure(Void, outer)));
    }

    [Fact]
    public void Arrays_state_their_elements()
    {
        uint matrix = _types.ArrayOf(_types.ArrayOf(Int, 12), 24);
        uint text = _types.ArrayOf(_types.Modifier(Char, Const), 4);
        uint objects = _types.ArrayOf(_types.Class("C", bytes: 24), 48);
        uint unknown = _types.ArrayOf(_types.Class("Declared", bytes: 0), 48);
        uint pointers = _types.ArrayOf(_types.Pointer(Int), 32);
        uint enums = _types.ArrayOf(_types.Enum("E", 0x73), 8);
        uint function = _types.Procedure(
            Void, _types.Pointer(matrix, mode: 1), _types.Pointer(text, mode: 1), _types.Pointer(objects), _types.Pointer(unknown),
            _types.Pointer(pointers), _types.Pointer(enums));

        Assert.Equal("f(int (&)[2][3], char const (&)[4], C (*)[2], Declared (*)[], int* (*)[4], E (*)[4])", Procedure("f", function));
    }

    [Fact]
    public void Member_pointers_name_their_class()
    {
        uint type = _types.Class("n::C");
        uint self = _types.Pointer(_types.Modifier(type, Const));
        uint function = _types.Procedure(
            Void, _types.Pointer(Int, mode: 2, ofClass: type), _types.Pointer(_types.Method(type, self, Char), mode: 3, ofClass: type));

        Assert.Equal("f(int n::C::*, void (n::C::*)(char) const)", Procedure("f", function));
    }

    [Fact]
    public void Classes_unions_enumerations_and_aliases_are_their_names()
    {
        uint alias = _types.Record(0x150a, [0x74, 0, 0, 0, .. "Alias\0"u8]);
        uint counted = _types.Record(0x1004, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 3, .. "Old"u8]);
        uint bits = _types.Record(0x1205, [0x75, 0, 0, 0, 3, 1]);
        uint function = _types.Procedure(
            Void, _types.Class("S", kind: 0x1505), _types.Class("I", kind: 0x1519), _types.Union("U"), _types.Enum("n::E"), alias, counted, bits);

        Assert.Equal("f(S, I, U, n::E, Alias, Old, unsigned int)", Procedure("f", function));
    }

    [Fact]
    public void Methods_have_the_qualifiers_of_their_object()
    {
        uint type = _types.Class("C");
        uint constant = _types.Modifier(type, Const);

        Assert.Equal("C::f(int)", Procedure("C::f", _types.Method(type, _types.Pointer(type, flags: 1 << 10), Int)));
        Assert.Equal("C::f() const", Procedure("C::f", _types.Method(type, _types.Pointer(constant, flags: 1 << 10))));
        Assert.Equal("C::f() volatile &", Procedure("C::f", _types.Method(type, _types.Pointer(_types.Modifier(type, Volatile), flags: 1 << 20))));
        Assert.Equal("C::f() const &&", Procedure("C::f", _types.Method(type, _types.Pointer(constant, flags: 1 << 21))));
        Assert.Equal("C::make(char)", Procedure("C::make", _types.Method(type, 0, Char)));
    }

    [Theory]
    [InlineData("?f@@YAXXZ")]
    [InlineData("_ZN4core3ptr4readE")]
    [InlineData("__ZN1C1fEv")]
    [InlineData("_Z1fi")]
    [InlineData("_ZplRK1AS1_")]
    [InlineData("_RNvC3foo3bar")]
    [InlineData("$s4main3fooyyF")]
    public void Mangled_names_stay_as_they_are(string name) => Assert.Equal(name, Procedure(name, _types.Procedure(Void, Int)));

    [Theory]
    [InlineData("?A0xc3a0617d::start", "`anonymous namespace'::start()")]
    [InlineData("n::?A0x0123abcd::C::f", "n::`anonymous namespace'::C::f()")]
    [InlineData("`anonymous-namespace'::f", "`anonymous namespace'::f()")]
    [InlineData("F<n::(anonymous namespace)::C>", "F<n::`anonymous namespace'::C>()")]
    [InlineData("C::operator()", "C::operator()()")]
    [InlineData("operator?A0x", "operator?A0x()")]
    [InlineData("`dynamic initializer for 'x''", "`dynamic initializer for 'x''()")]
    [InlineData("_RTC_Initialize", "_RTC_Initialize()")]
    [InlineData("__R", "__R()")]
    [InlineData("__Z", "__Z()")]
    [InlineData("std::_Zero_range", "std::_Zero_range()")]
    [InlineData("_Zero_range", "_Zero_range()")]
    [InlineData("f<`n::g'::`2'::<lambda_1>,1>", "f<`n::g'::`2'::<lambda_1>,1>()")]
    [InlineData("n::C::~C", "n::C::~C()")]
    public void Names_of_compilers_are_kept_but_for_anonymous_namespaces(string name, string expected) =>
        Assert.Equal(expected, Procedure(name, _types.Procedure(Void)));

    [Fact]
    public void A_name_without_type_is_itself()
    {
        Assert.Equal("main", Procedure("main", 0));
        Assert.Equal("main", Procedure("main", 0x74));
        Assert.Equal("", Procedure("", _types.Procedure(Void)));
    }

    [Fact]
    public void An_item_states_the_type_of_a_procedure()
    {
        uint item = _items.Function(0, _types.Procedure(Void, Int), "unqualified");

        Assert.Equal("n::f(int)", Procedure("n::f", item, isId: true));
    }

    [Fact]
    public void Inlined_functions_have_their_scopes()
    {
        uint plain = _types.Procedure(Void, Int);
        uint method = _types.Method(_types.Class("n::C<int,char *>"), 0, Char);
        uint ofClass = _types.Next - 3;
        uint scope = _items.Text("?A0xc3a0617d");
        uint pieces = _items.TextList(_items.Text("first::"), _items.Text("second::"));
        uint longScope = _items.Text("third", pieces);

        Assert.Equal("f(int)", Inlinee(_items.Function(0, plain, "f")));
        Assert.Equal("`anonymous namespace'::f(int)", Inlinee(_items.Function(scope, plain, "f")));
        Assert.Equal("first::second::third::f(int)", Inlinee(_items.Function(longScope, plain, "f")));
        Assert.Equal("n::C<int,char *>::{ctor}(char)", Inlinee(_items.MethodItem(ofClass, method, "{ctor}")));
        Assert.Equal("_ZN1C1fEv", Inlinee(_items.Function(scope, plain, "_ZN1C1fEv")));
    }

    [Fact]
    public void Names_are_interned_once()
    {
        uint type = _types.Procedure(Void, Int);
        uint item = _items.Function(0, type, "f");
        var pool = new InternPool();
        using var names = Open(pool);

        Assert.Equal(names.OfInlinee(item), names.OfProcedure("f"u8, type, isId: false));
        Assert.Equal(names.OfInlinee(item), names.OfProcedure("f"u8, item, isId: true));
        Assert.Equal(1, pool.StringCount);
    }

    [Fact]
    public void Names_that_were_made_before_allocate_nothing()
    {
        uint type = _types.Procedure(Void, _types.Pointer(_types.Class("C")));
        uint item = _items.Function(0, type, "f");
        using var names = Open(new InternPool());

        Assert.Equal(0, Allocated.Fewest(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                names.OfProcedure("g"u8, type, isId: false);
                names.OfInlinee(item);
            }
        }));
    }

    [Fact]
    public void Without_items_inlined_functions_have_no_name_and_procedures_keep_theirs()
    {
        var pdb = new PdbBuilder { Types = _types.Stream(), Items = null };
        pdb.Features.Clear();
        using var names = new PdbFunctionNames(PdbFileTests.Open(pdb.Build()), new InternPool());

        Assert.True(names.OfInlinee(0x1000).IsNone);
        Assert.False(names.OfProcedure("f"u8, 0x1000, isId: true).IsNone);
    }

    private string Procedure(string name, uint type, bool isId = false)
    {
        var pool = new InternPool();
        using var names = Open(pool);
        return Encoding.UTF8.GetString(pool.Get(names.OfProcedure(Encoding.UTF8.GetBytes(name), type, isId)));
    }

    private string Inlinee(uint item)
    {
        var pool = new InternPool();
        using var names = Open(pool);
        return Encoding.UTF8.GetString(pool.Get(names.OfInlinee(item)));
    }

    private PdbFunctionNames Open(InternPool pool)
    {
        byte[] bytes = new PdbBuilder(512) { Types = _types.Stream(), Items = _items.Stream(), Scatter = true }.Build();
        var pdb = PdbFileTests.Open(bytes);
        Assert.True(pdb.Faults.IsEmpty);
        return new PdbFunctionNames(pdb, pool);
    }
}
