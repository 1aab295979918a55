namespace Symbolicator.Formats.Core;

/// <summary>
/// Bytes of one section, in the file or inflated elsewhere. A view: whoever hands it out keeps the lease.
/// The default value is an absent section.
/// </summary>
/// <param name="Bytes">What holds the section, null for an absent one.</param>
/// <param name="Range">Where it lies in <paramref name="Bytes"/>.</param>
/// <param name="Address">Its virtual address, 0 when it has none.</param>
public readonly record struct Section(FileBytes? Bytes, ByteRange Range, ulong Address = 0)
{
    public bool IsEmpty => Bytes is null || Range.IsEmpty;

    public long Length => Bytes is null ? 0 : Range.Length;

    /// <summary>A view of a part; false when it leaves the section or is longer than 2 GiB.</summary>
    public bool TryWindow(ulong offset, ulong length, out ReadOnlySpan<byte> window)
    {
        window = default;
        return Bytes is not null && Range.TrySlice(offset, length, out var slice) && Bytes.TrySlice(slice, out window);
    }

    /// <summary>A view from an offset to the end, at most 2 GiB; empty when the offset is outside.</summary>
    public ReadOnlySpan<byte> From(ulong offset)
    {
        if (Bytes is null || offset >= (ulong)Range.Length)
        {
            return default;
        }

        ulong length = Math.Min((ulong)Range.Length - offset, int.MaxValue);
        return TryWindow(offset, length, out var window) ? window : default;
    }

    /// <summary>A cursor from an offset to the end; an offset outside gives an empty cursor that faults on its first read.</summary>
    public ByteReader ReaderAt(ulong offset, bool bigEndian)
    {
        long origin = offset <= (ulong)Length ? Range.Offset + (long)offset : Range.End;
        return new ByteReader(From(offset), bigEndian, origin);
    }
}
