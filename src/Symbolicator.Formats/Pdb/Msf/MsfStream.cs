using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb.Msf;

/// <summary>
/// One stream: random access to bytes that are scattered over blocks. Immutable, safe to use from several threads; valid
/// while a lease of the file is held.
/// </summary>
internal sealed class MsfStream
{
    private readonly FileBytes _file;
    private readonly uint[] _blocks;
    private readonly int _blockShift;

    /// <param name="file">The whole file.</param>
    /// <param name="blockSize">A power of two.</param>
    /// <param name="blocks">Block numbers, as many as the length needs.</param>
    /// <param name="length">Bytes of the stream.</param>
    public MsfStream(FileBytes file, int blockSize, uint[] blocks, long length)
    {
        _file = file;
        _blocks = blocks;
        _blockShift = int.Log2(blockSize);
        Length = Math.Min(length, (long)blocks.Length << _blockShift);
    }

    public long Length { get; }

    public bool IsEmpty => Length == 0;

    private int BlockSize => 1 << _blockShift;

    /// <summary>
    /// Where a byte lies in the file, for faults; the end of the file for bytes that are nowhere.
    /// </summary>
    public long FileOffsetOf(long offset) => offset >= 0 && offset < Length ? Position(offset) : _file.Length;

    /// <summary>
    /// A view without a copy: possible where the blocks lie one behind the other. False says nothing about whether the
    /// bytes exist.
    /// </summary>
    public bool TryView(long offset, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return length > 0 && IsInside(offset, length) && ContiguousFrom(offset, length) >= length
            && _file.TrySlice(new ByteRange(Position(offset), length), out bytes);
    }

    /// <summary>Fills the whole span, or returns false: the range leaves the stream or a block lies outside of the file.</summary>
    public bool TryRead(long offset, Span<byte> destination)
    {
        if (!IsInside(offset, destination.Length))
        {
            return false;
        }

        while (!destination.IsEmpty)
        {
            int run = ContiguousFrom(offset, destination.Length);
            if (!_file.TrySlice(new ByteRange(Position(offset), run), out var bytes))
            {
                return false;
            }

            bytes.CopyTo(destination);
            destination = destination[run..];
            offset += run;
        }

        return true;
    }

    private bool IsInside(long offset, int length) => offset >= 0 && offset <= Length && length <= Length - offset;

    private long Position(long offset) =>
        ((long)_blocks[(int)(offset >> _blockShift)] << _blockShift) + (offset & (BlockSize - 1));

    /// <summary>Bytes from an offset that lie in one piece, at most <paramref name="wanted"/>.</summary>
    private int ContiguousFrom(long offset, int wanted)
    {
        int block = (int)(offset >> _blockShift);
        long run = BlockSize - (offset & (BlockSize - 1));
        while (run < wanted && _blocks[block + 1] == unchecked(_blocks[block] + 1))
        {
            run += BlockSize;
            block++;
        }

        return (int)Math.Min(run, wanted);
    }
}
