using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes records of type and item streams of PDBs; every method returns the number of its record. Numbers that records
/// refer to are written as given, also when there is nothing.
/// </summary>
public sealed class TypesBuilder
{
    public const uint First = 0x1000;

    private readonly ByteBuilder _records = new();
    private readonly List<int> _offsets = [];

    /// <summary>Number of the next record.</summary>
    public uint Next => First + (uint)_offsets.Count;

    /// <summary>Bytes of all records so far.</summary>
    public int Length => _records.Length;

    /// <summary>Offsets of all records from the first.</summary>
    public IReadOnlyList<int> Offsets => _offsets;

    /// <summary>Any record; its body is padded to four bytes as compilers do it.</summary>
    public uint Record(int kind, byte[] body)
    {
        uint number = Next;
        int padding = -body.Length & 3;
        _offsets.Add(_records.Length);
        _records.U16(2 + body.Length + padding).U16(kind).Bytes(body);
        for (; padding > 0; padding--)
        {
            _records.U8(0xf0 | padding);
        }

        return number;
    }

    /// <summary>Bytes that are a record or not.</summary>
    public uint Raw(params byte[] bytes)
    {
        uint number = Next;
        _offsets.Add(_records.Length);
        _records.Bytes(bytes);
        return number;
    }

    public uint Modifier(uint target, int flags) => Record(0x1001, new ByteBuilder().U32(target).U16(flags).ToArray());

    /// <summary>A 64-bit pointer; mode: 0 pointer, 1 and 4 references, 2 and 3 member pointers, which have a class.</summary>
    public uint Pointer(uint target, uint mode = 0, uint flags = 0, uint ofClass = 0)
    {
        var body = new ByteBuilder().U32(target).U32(0xc | (mode << 5) | flags | (8u << 13));
        return Record(0x1002, mode is 2 or 3 ? body.U32(ofClass).U16(1).ToArray() : body.ToArray());
    }

    public uint Arguments(params uint[] types)
    {
        var body = new ByteBuilder().U32((uint)types.Length);
        Array.ForEach(types, type => body.U32(type));
        return Record(0x1201, body.ToArray());
    }

    /// <summary>A function with its own list of arguments, whose number is one less than the function's.</summary>
    public uint Procedure(uint result, params uint[] types)
    {
        uint list = Arguments(types);
        return Record(0x1008, new ByteBuilder().U32(result).U8(0).U8(0).U16(types.Length).U32(list).ToArray());
    }

    public uint Method(uint ofClass, uint self, params uint[] types)
    {
        uint list = Arguments(types);
        return Record(0x1009, new ByteBuilder().U32(3).U32(ofClass).U32(self).U8(0).U8(0).U16(types.Length).U32(list).U32(0).ToArray());
    }

    /// <summary>An array of so many bytes.</summary>
    public uint ArrayOf(uint element, int bytes) =>
        Record(0x1503, new ByteBuilder().U32(element).U32(0x23).U16(bytes).CString("").ToArray());

    public uint Class(string name, int bytes = 8, int kind = 0x1504) =>
        Record(kind, new ByteBuilder().U16(0).U16(0).U32(0).U32(0).U32(0).U16(bytes).CString(name).ToArray());

    public uint Union(string name, int bytes = 8) =>
        Record(0x1506, new ByteBuilder().U16(0).U16(0).U32(0).U16(bytes).CString(name).ToArray());

    public uint Enum(string name, uint underlying = 0x74) =>
        Record(0x1507, new ByteBuilder().U16(0).U16(0).U32(underlying).U32(0).CString(name).ToArray());

    /// <summary>An item: a function in a namespace, which is a text or 0.</summary>
    public uint Function(uint scope, uint type, string name) =>
        Record(0x1601, new ByteBuilder().U32(scope).U32(type).CString(name).ToArray());

    /// <summary>An item: a function in a class.</summary>
    public uint MethodItem(uint ofClass, uint type, string name) =>
        Record(0x1602, new ByteBuilder().U32(ofClass).U32(type).CString(name).ToArray());

    /// <summary>An item: a text, with a list of texts in front of it or 0.</summary>
    public uint Text(string text, uint list = 0) => Record(0x1605, new ByteBuilder().U32(list).CString(text).ToArray());

    /// <summary>An item: texts.</summary>
    public uint TextList(params uint[] texts)
    {
        var body = new ByteBuilder().U32((uint)texts.Length);
        Array.ForEach(texts, text => body.U32(text));
        return Record(0x1604, body.ToArray());
    }

    /// <summary>The stream; its list of offsets is in another one when that is given.</summary>
    /// <param name="hashStream">Number of the other stream.</param>
    /// <param name="listBytes">Bytes of the list, which starts that stream.</param>
    /// <param name="count">Number of records that the header states; that of all records when negative.</param>
    public byte[] Stream(int hashStream = 0xffff, int listBytes = 0, int count = -1) => new ByteBuilder()
        .U32(20040203).U32(56).U32(First).U32(First + (uint)(count < 0 ? _offsets.Count : count)).U32((uint)_records.Length)
        .U16(hashStream).U16(0xffff).U32(4).U32(0x3ffff)
        .U32(0).U32(0).U32(0).U32((uint)listBytes).U32(0).U32(0)
        .Bytes(_records.ToArray()).ToArray();

    /// <summary>A list with an entry for the first record and for each one that passes another so many bytes.</summary>
    public byte[] SkipList(int every = 8192)
    {
        var list = new ByteBuilder();
        int next = 0;
        for (int i = 0; i < _offsets.Count; i++)
        {
            if (_offsets[i] >= next)
            {
                list.U32(First + (uint)i).U32((uint)_offsets[i]);
                next = _offsets[i] + every;
            }
        }

        return list.ToArray();
    }
}
