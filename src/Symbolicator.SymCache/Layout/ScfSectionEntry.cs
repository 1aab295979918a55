using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.SymCache.Layout;

/// <summary>One row of the section directory.</summary>
internal readonly record struct ScfSectionEntry(ScfSection Kind, ByteRange Range, uint Checksum)
{
    public const int Size = 32;

    /// <summary>Sections start at multiples of this.</summary>
    public const int Alignment = 64;

    /// <summary>A directory larger than this is not of this format.</summary>
    public const int MaxCount = 64;

    /// <summary>False when the range is not inside a file of <paramref name="fileLength"/> bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> at, long fileLength, out ScfSectionEntry entry)
    {
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(at[8..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(at[16..]);
        bool inside = new ByteRange(0, fileLength).TrySlice(offset, length, out var range);
        entry = new ScfSectionEntry(
            (ScfSection)BinaryPrimitives.ReadUInt32LittleEndian(at), range, BinaryPrimitives.ReadUInt32LittleEndian(at[24..]));
        return inside;
    }

    public void Write(Span<byte> at)
    {
        at[..Size].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(at, (uint)Kind);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], Range.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(at[16..], Range.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(at[24..], Checksum);
    }
}
