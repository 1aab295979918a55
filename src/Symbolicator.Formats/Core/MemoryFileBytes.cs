namespace Symbolicator.Formats.Core;

/// <summary>A file that lies in managed memory.</summary>
public sealed class MemoryFileBytes(ReadOnlyMemory<byte> bytes) : FileBytes
{
    public override long Length => bytes.Length;

    protected override ReadOnlySpan<byte> View(long offset, int length) => bytes.Span.Slice((int)offset, length);

    protected override void Release()
    {
        // The garbage collector owns the array.
    }
}
