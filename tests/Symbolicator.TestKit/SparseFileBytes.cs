using Symbolicator.Formats.Core;

namespace Symbolicator.TestKit;

/// <summary>A file of any length that is zero but for a few pieces.</summary>
public sealed class SparseFileBytes(long length, IReadOnlyList<(long Offset, byte[] Content)> pieces) : FileBytes
{
    public override long Length => length;

    /// <summary>The longest view that was asked for.</summary>
    public int LongestView { get; private set; }

    protected override ReadOnlySpan<byte> View(long offset, int length)
    {
        LongestView = Math.Max(LongestView, length);
        byte[] view = new byte[length];
        foreach (var (start, content) in pieces)
        {
            long from = Math.Max(start, offset);
            long to = Math.Min(start + content.Length, offset + length);
            if (from < to)
            {
                content.AsSpan((int)(from - start), (int)(to - from)).CopyTo(view.AsSpan((int)(from - offset)));
            }
        }

        return view;
    }

    protected override void Release()
    {
        // The garbage collector owns the pieces.
    }
}
