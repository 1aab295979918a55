using System.Text;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes the symbol records of a module: scopes are not checked, ends of scopes are only where they are written, and
/// offsets of parents and ends stay zero, as no reader should need them.
/// </summary>
public sealed class CodeViewSymbols
{
    private readonly ByteBuilder _records = new();

    /// <summary>Bytes so far; the stream of the module has a signature of four bytes before them.</summary>
    public int Length => _records.Length;

    /// <summary>Any record.</summary>
    public CodeViewSymbols Record(int kind, params ReadOnlySpan<byte> body)
    {
        _records.Bytes(PdbBuilder.Record(kind, body.ToArray()));
        return this;
    }

    /// <summary>Bytes as they are, also those that are not a record.</summary>
    public CodeViewSymbols Raw(params ReadOnlySpan<byte> bytes)
    {
        _records.Bytes(bytes);
        return this;
    }

    /// <summary>S_GPROC32 or another kind with its layout; texts of kinds below 0x1100 have a length in front.</summary>
    public CodeViewSymbols Procedure(string name, uint offset, uint length, ushort section = 1, uint type = 0, int kind = 0x1110) =>
        Record(kind, Text(new ByteBuilder().Zeros(12).U32(length).U32(0).U32(length).U32(type).U32(offset).U16(section).U8(0), kind, name));

    /// <summary>S_THUNK32, or S_THUNK32_ST (0x0206).</summary>
    public CodeViewSymbols Thunk(string name, uint offset, ushort length, ushort section = 1, int kind = 0x1102) =>
        Record(kind, Text(new ByteBuilder().Zeros(12).U32(offset).U16(section).U16(length).U8(0), kind, name));

    /// <summary>S_BLOCK32.</summary>
    public CodeViewSymbols Block(uint offset, uint length, ushort section = 1) =>
        Record(0x1103, new ByteBuilder().Zeros(8).U32(length).U32(offset).U16(section).U8(0).ToArray());

    /// <summary>S_SEPCODE; the parent is an address in the procedure that it belongs to.</summary>
    public CodeViewSymbols SeparatedCode(uint offset, uint length, uint parentOffset, ushort section = 1, ushort parentSection = 1) =>
        Record(0x1132, new ByteBuilder().Zeros(8).U32(length).U32(0).U32(offset).U32(parentOffset).U16(section).U16(parentSection).ToArray());

    /// <summary>S_TRAMPOLINE of an incremental link.</summary>
    public CodeViewSymbols Trampoline(uint offset, ushort length, uint target, ushort section = 1, ushort targetSection = 1) =>
        Record(0x112c, new ByteBuilder().U16(0).U16(length).U32(offset).U32(target).U16(section).U16(targetSection).ToArray());

    /// <summary>S_INLINESITE, or S_INLINESITE2 (0x115d) with a number of invocations.</summary>
    public CodeViewSymbols InlineSite(uint inlinee, BinaryAnnotationsBuilder annotations, int kind = 0x114d)
    {
        var body = new ByteBuilder().Zeros(8).U32(inlinee);
        return Record(kind, (kind == 0x115d ? body.U32(1) : body).Bytes(annotations.ToArray()).ToArray());
    }

    /// <summary>S_INLINESITE_END.</summary>
    public CodeViewSymbols InlineSiteEnd() => Record(0x114e);

    /// <summary>S_END.</summary>
    public CodeViewSymbols End() => Record(0x0006);

    /// <summary>S_COMPILE3 with a language (CV_CFL_LANG).</summary>
    public CodeViewSymbols Compile3(byte language) =>
        Record(0x113c, new ByteBuilder().U32(language).U16(0xd0).Zeros(16).CString("compiler").ToArray());

    public byte[] ToArray() => _records.ToArray();

    private static byte[] Text(ByteBuilder body, int kind, string name) => kind < 0x1100
        ? body.U8(name.Length).Bytes(Encoding.ASCII.GetBytes(name)).ToArray()
        : body.CString(name).ToArray();
}
