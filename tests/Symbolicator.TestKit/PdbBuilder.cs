using System.Buffers.Binary;
using System.Text;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes PDBs: info, types, DBI, items, names, sections, publics and modules. Values are written as given, also when
/// they make no sense.
/// </summary>
public sealed class PdbBuilder(int blockSize = 4096)
{
    private readonly List<ModuleSpec> _modules = [];
    private readonly List<(string Name, byte[] Content)> _named = [];
    private readonly List<(uint Offset, ushort Section, int Record)> _publics = [];
    private readonly ByteBuilder _symbolRecords = new();
    private readonly ByteBuilder _sections = new();
    private readonly ByteBuilder _names = new ByteBuilder().U8(0);
    private readonly SortedDictionary<int, byte[]> _imageStreams = [];
    private readonly List<uint> _nameOffsets = [];
    private int _sectionCount;

    public Guid Id { get; set; } = new("3249d99d-0c40-4931-8610-f4e4fb0b6936");

    /// <summary>Age of the info stream.</summary>
    public uint InfoAge { get; set; } = 1;

    public uint Version { get; set; } = 20000404;

    /// <summary>Age of the DBI stream.</summary>
    public uint Age { get; set; } = 1;

    /// <summary>IMAGE_FILE_MACHINE_*; x64.</summary>
    public ushort Machine { get; set; } = 0x8664;

    /// <summary>Flags of the DBI header: 1 linked incrementally, 2 stripped, 4 conflicting types.</summary>
    public ushort DbiFlags { get; set; }

    /// <summary>Feature codes of the info stream: 20091201 and 20140508 have items, 0x494e494d is fastlink.</summary>
    public List<uint> Features { get; } = [20140508];

    /// <summary>The whole type stream (TPI), null for none; one without types at first.</summary>
    public byte[]? Types { get; set; } = TypeStream([], 0);

    /// <summary>The whole item stream (IPI), null for none; one without items at first.</summary>
    public byte[]? Items { get; set; } = TypeStream([], 0);

    /// <summary>Section contributions with their version, empty for none.</summary>
    public byte[] Contributions { get; set; } = [];

    /// <summary>The DBI stream is nil.</summary>
    public bool OmitDbi { get; set; }

    /// <summary>The names stream does not exist.</summary>
    public bool OmitNames { get; set; }

    /// <summary>Publics have a stream with a map of addresses; else only the records exist.</summary>
    public bool WritePublicsStream { get; set; } = true;

    /// <summary>Shuffles the blocks of the file.</summary>
    public bool Scatter { get; set; }

    /// <summary>Adds a section of the image; its number is returned, the first is 1. Characteristics default to code.</summary>
    public ushort Section(string name, uint address, uint size, uint characteristics = 0x6000_0020)
    {
        _sections.Bytes(SectionHeader(name, address, size, characteristics));
        return (ushort)++_sectionCount;
    }

    /// <summary>A section header of 40 bytes.</summary>
    public static byte[] SectionHeader(string name, uint address, uint size, uint characteristics = 0x6000_0020) =>
        new ByteBuilder().Text(name).PadTo(8).U32(size).U32(address).U32(size).U32(0x400)
            .Zeros(12).U32(characteristics).ToArray();

    /// <summary>
    /// A table of the image by its place in the DBI stream: 0 FPO, 3 OMAP to source, 4 OMAP from source, 9 frame data,
    /// 10 original section headers (5, the section headers, comes from <see cref="Section"/>).
    /// </summary>
    public PdbBuilder ImageStream(int place, byte[] content)
    {
        _imageStreams[place] = content;
        return this;
    }

    /// <summary>Entries of an OMAP table.</summary>
    public static byte[] Omap(params (uint From, uint To)[] entries)
    {
        var bytes = new ByteBuilder();
        foreach (var (from, to) in entries)
        {
            bytes.U32(from).U32(to);
        }

        return bytes.ToArray();
    }

    /// <summary>A stream of types or items without hashes; the first has the index 0x1000.</summary>
    /// <param name="records">The records, each with its length in front.</param>
    /// <param name="count">How many there are.</param>
    public static byte[] TypeStream(byte[] records, int count) => new ByteBuilder()
        .U32(20040203).U32(56).U32(0x1000).U32(0x1000 + (uint)count).U32((uint)records.Length)
        .U16(0xffff).U16(0xffff).U32(4).U32(0x3ffff).Zeros(24).Bytes(records).ToArray();

    /// <summary>Adds a text to the names stream; its offset is returned.</summary>
    public uint Name(string text)
    {
        uint offset = (uint)_names.Length;
        _names.CString(text);
        _nameOffsets.Add(offset);
        return offset;
    }

    public PdbBuilder NamedStream(string name, byte[] content)
    {
        _named.Add((name, content));
        return this;
    }

    /// <summary>
    /// Adds a module; its index is returned. A signature of four bytes is written before the symbols, so that the first
    /// record lies at offset 4 of the module's stream.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="symbols">Records; null for a module without a stream.</param>
    /// <param name="c13">Subsections.</param>
    /// <param name="c11">Old line information.</param>
    /// <param name="objectName">Name of the library, else of the object file.</param>
    public int Module(string name, byte[]? symbols, byte[]? c13 = null, byte[]? c11 = null, string? objectName = null)
    {
        _modules.Add(new ModuleSpec(name, objectName ?? name, symbols, c11 ?? [], c13 ?? []));
        return _modules.Count - 1;
    }

    /// <summary>Adds an S_PUB32 record; flags: 1 code, 2 function. Its offset in the stream of records is returned.</summary>
    public int Public(string name, ushort section, uint offset, uint flags = 2)
    {
        int at = SymbolRecord(0x110e, new ByteBuilder().U32(flags).U32(offset).U16(section).CString(name).ToArray());
        _publics.Add((offset, section, at));
        return at;
    }

    /// <summary>Adds any record to the stream of global records; its offset there is returned.</summary>
    public int SymbolRecord(int kind, byte[] body)
    {
        int at = _symbolRecords.Length;
        _symbolRecords.Bytes(Record(kind, body));
        return at;
    }

    /// <summary>A symbol record: length, kind, body, padding to four bytes.</summary>
    public static byte[] Record(int kind, byte[] body)
    {
        var record = new ByteBuilder().U16(0).U16(kind).Bytes(body).Align(4);
        return record.Patch(0, (ulong)record.Length - 2, 2).ToArray();
    }

    public byte[] Build() => BuildStreams().Build();

    /// <summary>The streams, not yet in a file.</summary>
    public MsfBuilder BuildStreams()
    {
        // 0 is the old directory; 1 to 4 have their numbers by definition.
        var msf = new MsfBuilder(blockSize) { Scatter = Scatter };
        msf.Stream(0, []).Stream(1, null).Stream(2, Types).Stream(3, null).Stream(4, Items);
        var named = _named.ConvertAll(entry => (entry.Name, Stream: msf.Stream(entry.Content)));
        if (!OmitNames)
        {
            named.Add(("/names", msf.Stream(NamesStream())));
        }

        msf.Stream(1, InfoStream(named));
        if (!OmitDbi)
        {
            msf.Stream(3, DbiStream(msf));
        }

        return msf;
    }

    private byte[] InfoStream(List<(string Name, int Stream)> named)
    {
        var info = new ByteBuilder().U32(Version).U32(0x5ab3_8077).U32(InfoAge).Bytes(Id.ToByteArray());
        var texts = new ByteBuilder();
        int capacity = Math.Max(4, named.Count * 2);
        var buckets = new (int Text, int Stream)?[capacity];
        foreach (var (name, stream) in named)
        {
            int bucket = (ushort)Hash(name) % capacity;
            while (buckets[bucket] is not null)
            {
                bucket = (bucket + 1) % capacity;
            }

            buckets[bucket] = (texts.Length, stream);
            texts.CString(name);
        }

        info.U32((uint)texts.Length).Bytes(texts.ToArray()).U32((uint)named.Count).U32((uint)capacity);
        int words = (capacity + 31) / 32;
        uint[] present = new uint[words];
        for (int i = 0; i < capacity; i++)
        {
            present[i / 32] |= buckets[i] is null ? 0 : 1u << (i % 32);
        }

        info.U32((uint)words);
        foreach (uint word in present)
        {
            info.U32(word);
        }

        info.U32(0); // deleted buckets
        foreach (var entry in buckets)
        {
            if (entry is var (text, stream))
            {
                info.U32((uint)text).U32((uint)stream);
            }
        }

        info.U32(0);
        Features.ForEach(feature => info.U32(feature));
        return info.ToArray();
    }

    private byte[] NamesStream()
    {
        byte[] texts = _names.ToArray();
        var names = new ByteBuilder().U32(0xeffe_effe).U32(1).U32((uint)texts.Length).Bytes(texts);
        uint[] buckets = new uint[Math.Max(1, _nameOffsets.Count * 2)];
        foreach (uint offset in _nameOffsets)
        {
            int end = Array.IndexOf(texts, (byte)0, (int)offset);
            uint bucket = Hash(Encoding.UTF8.GetString(texts, (int)offset, end - (int)offset)) % (uint)buckets.Length;
            while (buckets[bucket] != 0)
            {
                bucket = (bucket + 1) % (uint)buckets.Length;
            }

            buckets[bucket] = offset;
        }

        names.U32((uint)buckets.Length);
        Array.ForEach(buckets, bucket => names.U32(bucket));
        return names.U32((uint)_nameOffsets.Count).ToArray();
    }

    private byte[] DbiStream(MsfBuilder msf)
    {
        var modules = new ByteBuilder();
        foreach (var module in _modules)
        {
            WriteModule(modules, module, msf);
        }

        int records = msf.Stream(_symbolRecords.ToArray());
        int publics = WritePublicsStream ? msf.Stream(PublicsStream()) : 0xffff;
        _imageStreams.TryAdd(5, _sections.ToArray());
        var imageStreams = new ByteBuilder();
        for (int i = 0; i < 11; i++)
        {
            imageStreams.U16(_imageStreams.TryGetValue(i, out byte[]? content) ? msf.Stream(content) : 0xffff);
        }

        // Numbers of modules and files, then the first file and the number of files by module.
        byte[] fileInfo = new ByteBuilder().U16(_modules.Count).U16(0).Zeros(_modules.Count * 4).ToArray();
        return new ByteBuilder().U32(uint.MaxValue).U32(19990903).U32(Age)
            .U16(0xffff).U16(0x8e1d).U16(publics).U16(0).U16(records).U16(0)
            .U32((uint)modules.Length).U32((uint)Contributions.Length).U32(0).U32((uint)fileInfo.Length).U32(0).U32(0)
            .U32((uint)imageStreams.Length).U32(0).U16(DbiFlags).U16(Machine).U32(0)
            .Bytes(modules.ToArray()).Bytes(Contributions).Bytes(fileInfo).Bytes(imageStreams.ToArray()).ToArray();
    }

    private static void WriteModule(ByteBuilder modules, ModuleSpec module, MsfBuilder msf)
    {
        int stream = 0xffff;
        int symbolBytes = 0;
        if (module.Symbols is not null)
        {
            symbolBytes = module.Symbols.Length + 4;
            stream = msf.Stream(new ByteBuilder().U32(4).Bytes(module.Symbols).Bytes(module.C11).Bytes(module.C13).U32(0).ToArray());
        }

        modules.U32(0).U16(0xffff).U16(0).U32(0).U32(uint.MaxValue).U32(0).U16(0xffff).U16(0).U32(0).U32(0) // first contribution
            .U16(0).U16(stream).U32((uint)symbolBytes).U32((uint)module.C11.Length).U32((uint)module.C13.Length)
            .U16(0).U16(0).U32(0).U32(0).U32(0)
            .CString(module.Name).CString(module.ObjectName).Align(4);
    }

    /// <summary>Header, an empty hash table, and offsets of records in order of their addresses.</summary>
    private byte[] PublicsStream()
    {
        var stream = new ByteBuilder().U32(16).U32((uint)_publics.Count * 4).Zeros(20)
            .U32(uint.MaxValue).U32(0xf12f_091a).U32(0).U32(0);
        foreach (var (_, _, record) in _publics.OrderBy(entry => entry.Section).ThenBy(entry => entry.Offset))
        {
            stream.U32((uint)record);
        }

        return stream.ToArray();
    }

    /// <summary>The hash of texts in PDB tables: words xored, letters without case.</summary>
    private static uint Hash(string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        uint hash = 0;
        for (; bytes.Length >= 4; bytes = bytes[4..])
        {
            hash ^= BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        }

        if (bytes.Length >= 2)
        {
            hash ^= BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            bytes = bytes[2..];
        }

        hash ^= bytes.Length == 1 ? bytes[0] : 0u;
        hash |= 0x2020_2020;
        hash ^= hash >> 11;
        return hash ^ (hash >> 16);
    }

    private sealed record ModuleSpec(string Name, string ObjectName, byte[]? Symbols, byte[] C11, byte[] C13);
}
