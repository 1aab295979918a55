namespace Symbolicator.Formats.Core;

/// <summary>Half-open byte range in a file; slicing cannot wrap or escape.</summary>
public readonly record struct ByteRange(long Offset, long Length)
{
    public long End => Offset + Length;

    public bool IsEmpty => Length == 0;

    /// <summary>A range inside this one, <paramref name="offset"/> counted from its start.</summary>
    public bool TrySlice(ulong offset, ulong length, out ByteRange slice)
    {
        if (offset > (ulong)Length || length > (ulong)Length - offset)
        {
            slice = default; // not before the comparison: it may be this very range
            return false;
        }

        slice = new ByteRange(Offset + (long)offset, (long)length);
        return true;
    }
}
