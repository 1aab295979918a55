using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>Writes the operations that map an inlined call to code and lines, as cvinfo.h defines them.</summary>
public sealed class BinaryAnnotationsBuilder
{
    private readonly ByteBuilder _bytes = new();

    /// <summary>Moves to an offset.</summary>
    public BinaryAnnotationsBuilder At(uint offset) => Op(1).Number(offset);

    /// <summary>Turns to a separated piece of the procedure, 0 being the procedure.</summary>
    public BinaryAnnotationsBuilder Chunk(uint chunk) => Op(2).Number(chunk);

    /// <summary>Begins a piece so many bytes behind the last one.</summary>
    public BinaryAnnotationsBuilder Code(uint delta) => Op(3).Number(delta);

    /// <summary>Ends the last piece.</summary>
    public BinaryAnnotationsBuilder Length(uint length) => Op(4).Number(length);

    public BinaryAnnotationsBuilder File(uint offset) => Op(5).Number(offset);

    public BinaryAnnotationsBuilder Line(int delta) => Op(6).Signed(delta);

    /// <summary>Begins a piece, code in four bits, with a change of the line.</summary>
    public BinaryAnnotationsBuilder CodeAndLine(uint code, int line) => Op(11).Number((Zigzag(line) << 4) | code);

    /// <summary>Begins a piece of a length.</summary>
    public BinaryAnnotationsBuilder LengthAndCode(uint length, uint code) => Op(12).Number(length).Number(code);

    public BinaryAnnotationsBuilder Op(uint op) => Number(op);

    /// <summary>An operand in 1, 2 or 4 bytes.</summary>
    public BinaryAnnotationsBuilder Number(uint value)
    {
        _ = value switch
        {
            < 0x80 => _bytes.U8((int)value),
            < 0x4000 => _bytes.U8((int)(value >> 8) | 0x80).U8((int)value),
            _ => _bytes.U8((int)(value >> 24) | 0xc0).U8((int)(value >> 16)).U8((int)(value >> 8)).U8((int)value),
        };
        return this;
    }

    public BinaryAnnotationsBuilder Signed(int value) => Number(Zigzag(value));

    public BinaryAnnotationsBuilder Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Bytes(bytes);
        return this;
    }

    public byte[] ToArray() => _bytes.ToArray();

    private static uint Zigzag(int value) => value < 0 ? ((uint)-value << 1) | 1 : (uint)value << 1;
}
