using System.Buffers.Binary;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>One record of a type or item stream. Fields outside of it read as zero.</summary>
internal readonly ref struct TypeRecord(ushort kind, ReadOnlySpan<byte> data, long position)
{
    public ushort Kind { get; } = kind;

    /// <summary>What follows the kind; valid until the stream is read again.</summary>
    public ReadOnlySpan<byte> Data { get; } = data;

    /// <summary>Offset of <see cref="Data"/> in its stream.</summary>
    public long Position { get; } = position;

    public uint U32(int offset) =>
        offset <= Data.Length - sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(Data[offset..]) : 0;

    public ushort U16(int offset) =>
        offset <= Data.Length - sizeof(ushort) ? BinaryPrimitives.ReadUInt16LittleEndian(Data[offset..]) : (ushort)0;

    /// <summary>A text up to its NUL; up to the end of the record when that is missing.</summary>
    public ReadOnlySpan<byte> Text(int offset)
    {
        var rest = offset < Data.Length ? Data[offset..] : default;
        int end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }

    /// <summary>A text whose first byte is its length, cut at the end of the record.</summary>
    public ReadOnlySpan<byte> CountedText(int offset)
    {
        var rest = offset < Data.Length ? Data[offset..] : default;
        return rest.IsEmpty ? rest : rest.Slice(1, Math.Min(rest[0], rest.Length - 1));
    }
}
