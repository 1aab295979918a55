using System.Buffers.Binary;
using Symbolicator.Formats.Model;

namespace Symbolicator.SymCache.Layout;

/// <summary>Kinds of sections. Readers skip kinds that they do not know.</summary>
internal enum ScfSection : uint
{
    BlockIndex = 1, // BIDX
    Rows = 2, // ROWS
    Contexts = 3, // CTX
    Functions = 4, // FUNC
    Files = 5, // FILE
    Names = 6, // STR
    Paths = 7, // PSTR
    Summaries = 8, // FSUM
    Pages = 9, // PAGE
}

/// <summary>Flags of the header.</summary>
[Flags]
internal enum ScfFlags : uint
{
    None = 0,
    PlainStrings = 1,
    Partial = 2,
    HasDebugId = 4,
}

/// <summary>The first 128 bytes (docs/symcache-format.md, "Header").</summary>
internal readonly record struct ScfHeader(
    ScfFlags Flags,
    ObjectFeatures Features,
    int SectionCount,
    DebugId DebugId,
    Arch Arch,
    ObjectKind Kind,
    FileFormat Origin,
    ulong ImageSize,
    long FileLength,
    ulong Fingerprint,
    long SourceSize,
    ScfCounts Counts,
    int IdentityLength,
    uint FaultCount,
    uint DirectoryChecksum,
    ulong ImageBase)
{
    public const int Size = 128;

    public const ushort Major = 1;

    public const ushort Minor = 0;

    /// <summary>Offset of the header's own checksum, which covers everything before it.</summary>
    public const int ChecksumOffset = 124;

    private const int FeaturesShift = 16;

    public static ReadOnlySpan<byte> Magic => "SCF1"u8;

    /// <summary>Fields of a header whose magic, version and checksum the caller has checked.</summary>
    public static ScfHeader Read(ReadOnlySpan<byte> at)
    {
        uint flags = U32(at, 8);
        return new ScfHeader(
            (ScfFlags)flags,
            unchecked((ObjectFeatures)(flags >> FeaturesShift)),
            unchecked((int)U32(at, 12)),
            DebugId.FromUuid(at.Slice(16, 16), U32(at, 32)),
            unchecked((Arch)at[36]),
            (ObjectKind)at[38],
            (FileFormat)at[39],
            U64(at, 40),
            unchecked((long)U64(at, 48)),
            U64(at, 56),
            unchecked((long)U64(at, 64)),
            new ScfCounts(U32(at, 72), U32(at, 76), U32(at, 80), U32(at, 84), U32(at, 88), U32(at, 92), U32(at, 96), U32(at, 100)),
            unchecked((int)U32(at, 104)),
            U32(at, 108),
            U32(at, 112),
            U64(at, 116));
    }

    public void Write(Span<byte> at)
    {
        at[..Size].Clear();
        Magic.CopyTo(at);
        BinaryPrimitives.WriteUInt16LittleEndian(at[4..], Major);
        BinaryPrimitives.WriteUInt16LittleEndian(at[6..], Minor);
        Put(at, 8, (uint)Flags | ((uint)Features << FeaturesShift));
        Put(at, 12, (uint)SectionCount);
        BinaryPrimitives.WriteUInt64BigEndian(at[16..], DebugId.High);
        BinaryPrimitives.WriteUInt64BigEndian(at[24..], DebugId.Low);
        Put(at, 32, DebugId.Age);
        at[36] = (byte)Arch;
        at[38] = (byte)Kind;
        at[39] = (byte)Origin;
        BinaryPrimitives.WriteUInt64LittleEndian(at[40..], ImageSize);
        BinaryPrimitives.WriteInt64LittleEndian(at[48..], FileLength);
        BinaryPrimitives.WriteUInt64LittleEndian(at[56..], Fingerprint);
        BinaryPrimitives.WriteInt64LittleEndian(at[64..], SourceSize);
        Put(at, 72, Counts.Rows);
        Put(at, 76, Counts.Blocks);
        Put(at, 80, Counts.Contexts);
        Put(at, 84, Counts.Functions);
        Put(at, 88, Counts.Entries);
        Put(at, 92, Counts.Files);
        Put(at, 96, Counts.Names);
        Put(at, 100, Counts.Paths);
        Put(at, 104, (uint)IdentityLength);
        Put(at, 108, FaultCount);
        Put(at, 112, DirectoryChecksum);
        BinaryPrimitives.WriteUInt64LittleEndian(at[116..], ImageBase);
        Put(at, ChecksumOffset, Crc32C.Of(at[..ChecksumOffset]));
    }

    private static uint U32(ReadOnlySpan<byte> at, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(at[offset..]);

    private static ulong U64(ReadOnlySpan<byte> at, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(at[offset..]);

    private static void Put(Span<byte> at, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(at[offset..], value);
}

/// <summary>How many rows of each kind the sections hold.</summary>
internal readonly record struct ScfCounts(
    uint Rows, uint Blocks, uint Contexts, uint Functions, uint Entries, uint Files, uint Names, uint Paths);
