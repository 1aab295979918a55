using Symbolicator.TestKit.Bytes;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes minidumps byte by byte, well-formed or not. Streams come first in the order of the calls; names, contexts and
/// memory that they point at follow behind them.
/// </summary>
public sealed class MinidumpBuilder(bool bigEndian = false)
{
    public const uint Linux = 0x8201;
    public const uint Windows = 2;
    public const uint MacOS = 0x8101;

    public const ushort X86 = 0;
    public const ushort Arm = 5;
    public const ushort Amd64 = 9;
    public const ushort Arm64 = 12;

    private readonly List<(uint Type, Action<ByteBuilder> Content)> _streams = [];
    private readonly List<(string Label, Action<ByteBuilder> Content)> _behind = [];

    public uint Signature { get; set; } = 0x504d444d;

    public uint Version { get; set; } = 0x1234a793;

    public uint Timestamp { get; set; } = 1_700_000_000;

    /// <summary>Written into the header in place of the true number of streams.</summary>
    public uint? StreamCount { get; set; }

    /// <summary>A dump that opens: a system and an empty thread list.</summary>
    public static MinidumpBuilder Minimal(bool bigEndian = false, ushort arch = Amd64, uint platform = Linux) =>
        new MinidumpBuilder(bigEndian).System(arch, platform).Threads();

    public MinidumpBuilder Stream(uint type, Action<ByteBuilder> content)
    {
        _streams.Add((type, content));
        return this;
    }

    public MinidumpBuilder System(
        ushort arch, uint platform, (uint Major, uint Minor, uint Build) version = default, string? servicePack = null) =>
        Stream(7, b =>
        {
            b.U16(arch).U16(6).U16(0x0a07).U8(4).U8(1).U32(version.Major).U32(version.Minor).U32(version.Build).U32(platform);
            Point(b, servicePack is null ? null : Utf16(servicePack));
            b.U16(0).U16(0).Zeros(24);
        });

    /// <summary>The thread list; <paramref name="padding"/> bytes lie between the count and the first thread.</summary>
    public MinidumpBuilder Threads(int padding, params Thread[] threads) => Stream(3, b =>
    {
        b.U32((uint)threads.Length).Zeros(padding);
        foreach (var thread in threads)
        {
            b.U32(thread.Id).U32(0).U32(0).U32(0).U64(0x7fff_0000).U64(thread.StackAddress);
            Locate(b, thread.Stack);
            Locate(b, thread.Context);
        }
    });

    public MinidumpBuilder Threads(params Thread[] threads) => Threads(0, threads);

    public MinidumpBuilder Modules(params Module[] modules) => Stream(4, b =>
    {
        b.U32((uint)modules.Length);
        foreach (var module in modules)
        {
            b.U64(module.Address).U32(module.Size).U32(0).U32(module.Timestamp);
            Point(b, module.RawName is { } raw ? Behind(x => x.U32((uint)raw.Length).Bytes(raw)) : Utf16(module.Name));
            b.Zeros(52);
            Locate(b, module.CodeView);
            b.Zeros(8 + 16);
        }
    });

    public MinidumpBuilder Memory(params (ulong Address, byte[] Bytes)[] regions) => Stream(5, b =>
    {
        b.U32((uint)regions.Length);
        foreach (var (address, bytes) in regions)
        {
            b.U64(address);
            Locate(b, bytes);
        }
    });

    public MinidumpBuilder Memory64(params (ulong Address, byte[] Bytes)[] regions) => Stream(9, b =>
    {
        string label = Behind(x => x.Bytes([.. regions.SelectMany(region => region.Bytes)]));
        b.U64((ulong)regions.Length).Ref(label, 8);
        foreach (var (address, bytes) in regions)
        {
            b.U64(address).U64((ulong)bytes.Length);
        }
    });

    public MinidumpBuilder Exception(
        uint thread, uint code, uint flags = 0, ulong address = 0, byte[]? context = null, params ulong[] parameters) =>
        Stream(6, b =>
        {
            b.U32(thread).U32(0).U32(code).U32(flags).U64(0).U64(address).U32((uint)parameters.Length).U32(0);
            for (int i = 0; i < 15; i++)
            {
                b.U64(i < parameters.Length ? parameters[i] : 0);
            }

            Locate(b, context ?? []);
        });

    /// <summary>MINIDUMP_THREAD_NAME_LIST: entries are packed, their offsets are wide.</summary>
    public MinidumpBuilder ThreadNames(params (uint Thread, string Name)[] names) => Stream(24, b =>
    {
        b.U32((uint)names.Length);
        foreach (var (thread, name) in names)
        {
            b.U32(thread).Ref(Utf16(name), 8);
        }
    });

    /// <summary>MINIDUMP_UNLOADED_MODULE_LIST.</summary>
    public MinidumpBuilder UnloadedModules(params (ulong Address, uint Size, string Name)[] modules) => Stream(14, b =>
    {
        b.U32(12).U32(24).U32((uint)modules.Length);
        foreach (var (address, size, name) in modules)
        {
            b.U64(address).U32(size).U32(0).U32(0x5f00_0000);
            Point(b, Utf16(name));
        }
    });

    /// <summary>A CodeView record of a PDB: "RSDS", the GUID as Windows stores it, age, name.</summary>
    public static byte[] CodeView(Guid id, uint age, string pdb) =>
        new ByteBuilder().Text("RSDS").Bytes(id.ToByteArray()).U32(age).Text(pdb).U8(0).ToArray();

    /// <summary>Puts bytes behind the streams and returns their label.</summary>
    public string Behind(Action<ByteBuilder> content)
    {
        string label = $"behind {_behind.Count}";
        _behind.Add((label, content));
        return label;
    }

    /// <summary>A UTF-16 text with its length in bytes before it.</summary>
    public string Utf16(string text) => Behind(b => b.WithLength(4, x => x.Utf16(text)).U16(0));

    /// <summary>A UTF-8 text with its length before it.</summary>
    public string Utf8(string text) => Behind(b => b.WithLength(4, x => x.Text(text)).U8(0));

    /// <summary>A 32-bit offset of a label, 0 for none.</summary>
    public static ByteBuilder Point(ByteBuilder b, string? label) => label is null ? b.U32(0) : b.Ref(label);

    /// <summary>Size and offset of bytes that are put behind the streams.</summary>
    public ByteBuilder Locate(ByteBuilder b, byte[] bytes) =>
        bytes.Length == 0 ? b.U32(0).U32(0) : b.U32((uint)bytes.Length).Ref(Behind(x => x.Bytes(bytes)));

    /// <summary>Size and offset of content that is put behind the streams.</summary>
    public ByteBuilder Locate(ByteBuilder b, Action<ByteBuilder> content)
    {
        int index = _behind.Count;
        string label = Behind(content);
        return b.Distance(label, $"end {index}").Ref(label);
    }

    public byte[] Build()
    {
        var b = new ByteBuilder(bigEndian);
        b.U32(Signature).U32(Version).U32(StreamCount ?? (uint)_streams.Count).U32(32).U32(0).U32(Timestamp).U64(0);
        for (int i = 0; i < _streams.Count; i++)
        {
            b.U32(_streams[i].Type).Distance($"stream {i}", $"stream end {i}").Ref($"stream {i}");
        }

        for (int i = 0; i < _streams.Count; i++)
        {
            b.Align(8).Label($"stream {i}");
            _streams[i].Content(b);
            b.Label($"stream end {i}");
        }

        // What lies behind may add more behind it.
        for (int i = 0; i < _behind.Count; i++)
        {
            b.Align(8).Label(_behind[i].Label);
            _behind[i].Content(b);
            b.Label($"end {i}");
        }

        return b.ToArray();
    }

    public byte[] X86Context(uint eip, uint esp, uint ebp = 0) => Context(716, b =>
        b.U32(0x1_003f).PadTo(180).U32(ebp).U32(eip).PadTo(196).U32(esp));

    public byte[] Amd64Context(ulong rip, ulong rsp, ulong rbp = 0) => Context(1232, b =>
        b.PadTo(48).U32(0x10_001f).PadTo(152).U64(rsp).U64(rbp).PadTo(248).U64(rip));

    public byte[] ArmContext(uint pc, uint sp, uint lr = 0) => Context(368, b =>
        b.U32(0x4000_0006).PadTo(56).U32(sp).U32(lr).U32(pc));

    public byte[] Arm64Context(ulong pc, ulong sp, ulong lr = 0) => Context(912, b =>
        b.U32(0x40_0007).PadTo(248).U64(lr).U64(sp).U64(pc));

    /// <summary>The layout of older Breakpad, with 64-bit flags.</summary>
    public byte[] OldArm64Context(ulong pc, ulong sp, ulong lr = 0) => Context(796, b =>
        b.U64(0x8000_0006).PadTo(248).U64(lr).U64(sp).U64(pc));

    private byte[] Context(int size, Action<ByteBuilder> content)
    {
        var b = new ByteBuilder(bigEndian);
        content(b);
        return b.PadTo(size).ToArray();
    }

    /// <summary>One thread of the list.</summary>
    public sealed record Thread(uint Id, byte[] Context, ulong StackAddress = 0, params byte[] Stack);

    /// <summary>One module; <see cref="RawName"/> replaces the UTF-16 bytes of the name.</summary>
    public sealed record Module(ulong Address, uint Size, string Name = "lib.so", uint Timestamp = 0)
    {
        public byte[] CodeView { get; init; } = [];

        public byte[]? RawName { get; init; }
    }
}
