using System.Buffers.Binary;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// A PE image for arm64 with nothing but code of NOPs and unwind data: records are added as their words and codes as their
/// bytes. Code lies at <see cref="CodeRva"/>, .pdata at <see cref="RecordsRva"/>, .xdata at <see cref="XdataRva"/>.
/// </summary>
public sealed class Arm64ImageBuilder
{
    public const uint CodeRva = 0x1000;
    public const uint CodeSize = 0x10_0000;
    public const uint RecordsRva = 0x20_0000;
    public const uint XdataRva = 0x30_0000;

    private const int HeaderBytes = 0x200;

    private readonly ByteBuilder _records = new();
    private readonly ByteBuilder _xdata = new();

    /// <summary>Adds a record of two words.</summary>
    public Arm64ImageBuilder Record(uint start, uint word)
    {
        _records.U32(start).U32(word);
        return this;
    }

    /// <summary>Adds a record in packed form.</summary>
    public Arm64ImageBuilder Packed(
        uint start, int length, int vectors = 0, int integers = 0, bool homes = false, int chain = 0, int frame = 0, int flag = 1) =>
        Record(
            start,
            (uint)(flag | length / 4 << 2 | vectors << 13 | integers << 16 | (homes ? 1 << 20 : 0) | chain << 21) | (uint)(frame / 16) << 23);

    /// <summary>Adds a function with one epilog at its end, whose codes begin at <paramref name="epilog"/>.</summary>
    public Arm64ImageBuilder Single(uint start, int length, int epilog, params byte[] codes)
    {
        Record(start, XdataRva + (uint)_xdata.Length);
        int words = (codes.Length + 3) / 4;
        _xdata.U32((uint)(length / 4 | 1 << 21 | epilog << 22) | (uint)words << 27);
        _xdata.Bytes(codes).Align(4);
        return this;
    }

    /// <summary>Adds a function with epilogs: where each begins, in bytes, and where its codes do.</summary>
    public Arm64ImageBuilder Scoped(uint start, int length, (int Start, int Index)[] epilogs, byte[] codes, bool extended = false)
    {
        Record(start, XdataRva + (uint)_xdata.Length);
        int words = (codes.Length + 3) / 4;
        if (extended)
        {
            _xdata.U32((uint)(length / 4)).U32((uint)(epilogs.Length | words << 16));
        }
        else
        {
            _xdata.U32((uint)(length / 4 | epilogs.Length << 22) | (uint)words << 27);
        }

        foreach (var (at, index) in epilogs)
        {
            _xdata.U32((uint)(at / 4) | (uint)index << 22);
        }

        _xdata.Bytes(codes).Align(4);
        return this;
    }

    /// <summary>Adds a function whose .xdata record is these bytes.</summary>
    public Arm64ImageBuilder Raw(uint start, params byte[] xdata)
    {
        Record(start, XdataRva + (uint)_xdata.Length);
        _xdata.Bytes(xdata);
        return this;
    }

    public byte[] ToArray()
    {
        byte[] records = _records.ToArray(), xdata = _xdata.ToArray();
        var image = new ByteBuilder().U16(0x5a4d).PadTo(0x3c).U32(0x40);
        image.U32(0x4550).U16(0xaa64).U16(3).U32(0x5ab3_8077).U32(0).U32(0).U16(240).U16(0x22);
        image.U16(0x20b).U16(14).U32(0).U32(0).U32(0).U32(0).U32(0).U64(0x1_4000_0000).U32(0x1000).U32(0x200);
        image.U32(0).U32(0).U32(0).U32(0).U32(XdataRva + 0x1_0000).U32(HeaderBytes).U32(0).U32(0);
        image.U64(0).U64(0).U64(0).U64(0).U32(0).U32(16);
        for (int directory = 0; directory < 16; directory++)
        {
            image.U32(directory == 3 ? RecordsRva : 0).U32(directory == 3 ? (uint)records.Length : 0);
        }

        int code = 0x200;
        Section(image, ".text", CodeRva, CodeSize, HeaderBytes, code, 0x6000_0020);
        Section(image, ".pdata", RecordsRva, (uint)records.Length, HeaderBytes + code, records.Length, 0x4000_0040);
        Section(image, ".xdata", XdataRva, (uint)xdata.Length, HeaderBytes + code + Rounded(records.Length), xdata.Length, 0x4000_0040);
        image.PadTo(HeaderBytes);
        for (int i = 0; i < code; i += 4)
        {
            image.U32(0xd503_201f);
        }

        return image.Bytes(records).Align(0x200).Bytes(xdata).ToArray();
    }

    private static int Rounded(int length) => (length + 0x1ff) & ~0x1ff;

    private static void Section(ByteBuilder image, string name, uint rva, uint size, int offset, int bytes, uint flags)
    {
        Span<byte> padded = stackalloc byte[8];
        System.Text.Encoding.ASCII.GetBytes(name, padded);
        image.U64(BinaryPrimitives.ReadUInt64LittleEndian(padded)).U32(size).U32(rva).U32((uint)bytes).U32((uint)offset);
        image.U32(0).U32(0).U32(0).U32(flags);
    }
}
