using System.Text;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes PE images from parts that tests state, right or wrong. Sections get file offsets in the order in which they are
/// added, from <see cref="HeaderBytes"/> on.
/// </summary>
public sealed class PeBuilder
{
    public const int HeaderBytes = 0x400;
    public const uint Code = 0x6000_0020; // code, executable, readable
    public const uint Data = 0x4000_0040; // initialised data, readable

    private const int Alignment = 0x200;

    private readonly List<(byte[] Name, uint Rva, uint VirtualSize, byte[] Bytes, uint Offset, uint RawSize, uint Flags)> _sections = [];
    private readonly (uint Rva, uint Size)[] _directories = new (uint, uint)[16];
    private readonly ByteBuilder _symbols = new();
    private readonly ByteBuilder _strings = new();
    private int _end = HeaderBytes;

    public bool Is64 { get; init; } = true;

    public ushort Machine { get; init; } = 0x8664;

    public ushort Characteristics { get; init; } = 0x22;

    public ulong ImageBase { get; init; } = 0x1_4000_0000;

    public uint Timestamp { get; init; } = 0x5ab3_8077;

    public uint ImageSize { get; init; } = 0x9000;

    public uint SectionAlignment { get; init; } = 0x1000;

    public uint DirectoryCount { get; init; } = 16;

    /// <summary>Number of sections to state instead of the true one.</summary>
    public int? StatedSections { get; init; }

    /// <summary>Number of symbols to state instead of the true one.</summary>
    public uint? StatedSymbols { get; init; }

    /// <summary>Where the bytes of the next section will lie in the file.</summary>
    public int NextOffset => _end;

    /// <summary>Adds a section.</summary>
    /// <param name="name">At most eight bytes, or longer: then it goes to the string table.</param>
    /// <param name="rva">Where it lies in memory.</param>
    /// <param name="bytes">Its bytes; none for one that is in memory only.</param>
    /// <param name="flags">Characteristics.</param>
    /// <param name="virtualSize">Bytes in memory when they are not those in the file.</param>
    /// <param name="skew">Added to the offset that the header states.</param>
    /// <param name="rawSize">Bytes in the file to state instead of the true ones.</param>
    public PeBuilder Section(string name, uint rva, byte[] bytes, uint flags, uint? virtualSize = null, uint skew = 0, uint? rawSize = null)
    {
        byte[] stored = Encoding.ASCII.GetBytes(name.Length <= 8 ? name : $"/{AddString(name)}");
        int offset = bytes.Length == 0 ? 0 : _end;
        uint stated = offset == 0 ? 0 : (uint)offset + skew;
        _sections.Add((stored, rva, virtualSize ?? (uint)bytes.Length, bytes, stated, rawSize ?? (uint)bytes.Length, flags));
        _end += (bytes.Length + Alignment - 1) / Alignment * Alignment;
        return this;
    }

    public PeBuilder Directory(int index, uint rva, uint size)
    {
        _directories[index] = (rva, size);
        return this;
    }

    /// <summary>Adds a text to the string table; returns its offset there.</summary>
    public uint AddString(string text)
    {
        uint offset = (uint)_strings.Length + 4;
        _strings.CString(text);
        return offset;
    }

    /// <summary>Adds a COFF symbol; names of more than eight bytes go to the string table.</summary>
    public PeBuilder Symbol(string name, uint value, int section, int type = 0x20, int storage = 2, int auxiliary = 0)
    {
        if (name.Length <= 8)
        {
            _symbols.Text(name).Zeros(8 - name.Length);
        }
        else
        {
            _symbols.U32(0).U32(AddString(name));
        }

        _symbols.U32(value).U16(section).U16(type).U8(storage).U8(auxiliary);
        _symbols.Fill(0x41, auxiliary * 18);
        return this;
    }

    public byte[] Build()
    {
        var image = new ByteBuilder().U16(0x5a4d).PadTo(0x3c).U32(0x80).PadTo(0x80);
        bool hasSymbols = _symbols.Length + _strings.Length > 0;
        image.U32(0x4550).U16(Machine).U16(StatedSections ?? _sections.Count).U32(Timestamp);
        image.U32(hasSymbols ? (uint)_end : 0).U32(StatedSymbols ?? (uint)(_symbols.Length / 18));
        image.U16(Is64 ? 240 : 224).U16(Characteristics);
        image.U16(Is64 ? 0x20b : 0x10b).U8(14).U8(0).U32(0).U32(0).U32(0).U32(0x1000).U32(0x1000);
        _ = Is64 ? image.U64(ImageBase) : image.U32(0x2000).U32((uint)ImageBase);
        image.U32(SectionAlignment).U32(Alignment).U16(6).U16(0).U16(0).U16(0).U16(6).U16(0).U32(0);
        image.U32(ImageSize).U32(HeaderBytes).U32(0).U16(3).U16(0x8160);
        for (int i = 0; i < 4; i++)
        {
            image.Word(0x1000, Is64);
        }

        image.U32(0).U32(DirectoryCount);
        foreach (var (rva, size) in _directories)
        {
            image.U32(rva).U32(size);
        }

        foreach (var section in _sections)
        {
            image.Bytes(section.Name).Zeros(8 - section.Name.Length).U32(section.VirtualSize).U32(section.Rva);
            image.U32(section.RawSize).U32(section.Offset).U32(0).U32(0).U32(0).U32(section.Flags);
        }

        foreach (var section in _sections)
        {
            image.Align(Alignment, 0).PadTo(Math.Max(image.Length, HeaderBytes)).Bytes(section.Bytes);
        }

        image.PadTo(Math.Max(image.Length, _end));
        if (hasSymbols)
        {
            image.Bytes(_symbols.ToArray()).U32((uint)_strings.Length + 4).Bytes(_strings.ToArray());
        }

        return image.ToArray();
    }
}
