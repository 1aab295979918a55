using System.IO.Compression;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// Decompresses MSZIP ([MS-MCI]): blocks of up to 32 KiB, each a deflate stream of its own that may refer to the content of
/// the block before. The runtime's decoder takes no dictionary, so each block is preceded by a stored deflate block with
/// that content, which comes out again in front of the block's own and is dropped.
/// </summary>
internal sealed class Mszip
{
    /// <summary>Most bytes of content in a block, and most that a block may look back.</summary>
    public const int BlockBytes = 1 << 15;

    /// <summary>Bytes that a decoder holds.</summary>
    public const int StateBytes = BlockBytes + InputBytes;

    private const int StoredHeader = 5;
    private const int InputBytes = StoredHeader + BlockBytes + ushort.MaxValue;

    private readonly byte[] _history = new byte[BlockBytes];
    private readonly byte[] _input = new byte[InputBytes];
    private int _kept;

    /// <summary>Decodes the next block; false when it is damaged or does not hold just what fills <paramref name="block"/>.</summary>
    public bool TryDecode(ReadOnlySpan<byte> input, Span<byte> block)
    {
        if (!input.StartsWith("CK"u8) || block.Length > BlockBytes)
        {
            return false;
        }

        using var packed = new MemoryStream(_input, 0, Join(input[2..]));
        using var decoder = new DeflateStream(packed, CompressionMode.Decompress);
        Span<byte> one = stackalloc byte[1];
        try
        {
            if (decoder.ReadAtLeast(_history.AsSpan(0, _kept), _kept, throwOnEndOfStream: false) != _kept
                || decoder.ReadAtLeast(block, block.Length, throwOnEndOfStream: false) != block.Length
                || decoder.Read(one) != 0)
            {
                return false;
            }
        }
        catch (InvalidDataException)
        {
            return false;
        }

        Keep(block);
        return true;
    }

    private int Join(ReadOnlySpan<byte> deflated)
    {
        int at = 0;
        if (_kept > 0)
        {
            _input[0] = 0; // not the last one, stored (RFC 1951 §3.2.4)
            _input[1] = (byte)(_kept & 0xff);
            _input[2] = (byte)(_kept >> 8);
            _input[3] = (byte)(~_kept & 0xff);
            _input[4] = (byte)((~_kept >> 8) & 0xff);
            _history.AsSpan(0, _kept).CopyTo(_input.AsSpan(StoredHeader));
            at = StoredHeader + _kept;
        }

        deflated.CopyTo(_input.AsSpan(at));
        return at + deflated.Length;
    }

    private void Keep(ReadOnlySpan<byte> block)
    {
        int old = Math.Min(_kept, BlockBytes - block.Length);
        _history.AsSpan(_kept - old, old).CopyTo(_history);
        block.CopyTo(_history.AsSpan(old));
        _kept = old + block.Length;
    }
}
