using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Msf;

/// <summary>
/// A multi-stream file (MSF 7): a file system of numbered streams, each a list of equal blocks anywhere in the file.
/// Only sizes of streams are held; the list of its blocks is read when a stream is opened, bytes when they are asked
/// for. A view of the file: whoever opens it keeps the lease.
/// </summary>
internal sealed class MsfFile
{
    private const int SuperBlockBytes = 52;
    private const int BlockSizeAt = 32;
    private const int DirectoryBytesAt = 44;
    private const uint SmallestBlock = 512;
    private const uint LargestBlock = 64 << 10;
    private const uint NilStream = uint.MaxValue;
    private const uint MostStreams = 0xffff; // whatever names one has 16 bits

    private readonly MsfStream _directory;
    private readonly StreamEntry[] _streams;

    private MsfFile(FileBytes file, int blockSize, MsfStream directory, StreamEntry[] streams)
    {
        File = file;
        BlockSize = blockSize;
        _directory = directory;
        _streams = streams;
    }

    public static ReadOnlySpan<byte> Magic => "Microsoft C/C++ MSF 7.00\r\n\u001aDS\0\0\0"u8;

    public FileBytes File { get; }

    /// <summary>Bytes of a block, a power of two.</summary>
    public int BlockSize { get; }

    public int StreamCount => _streams.Length;

    /// <exception cref="MalformedFileException">The superblock or the stream directory cannot be read.</exception>
    public static MsfFile Open(FileBytes file, FaultLog faults)
    {
        if (!file.TrySlice(new ByteRange(0, SuperBlockBytes), out var super) || !super.StartsWith(Magic))
        {
            throw Malformed(MalformedReason.BadMagic, 0, "not an MSF 7 file");
        }

        uint blockSize = BinaryPrimitives.ReadUInt32LittleEndian(super[BlockSizeAt..]);
        if (blockSize is < SmallestBlock or > LargestBlock || !uint.IsPow2(blockSize))
        {
            throw Malformed(MalformedReason.BadValue, BlockSizeAt, "block size");
        }

        // Streams do not share blocks, so that the directory cannot be larger than the file.
        uint directoryBytes = BinaryPrimitives.ReadUInt32LittleEndian(super[DirectoryBytesAt..]);
        if (directoryBytes < 4 || directoryBytes > file.Length)
        {
            throw Malformed(MalformedReason.BadValue, DirectoryBytesAt, "size of the stream directory");
        }

        var directory = OpenDirectory(file, (int)blockSize, directoryBytes);
        return new MsfFile(file, (int)blockSize, directory, ReadSizes(directory, file.Length, (int)blockSize, faults));
    }

    /// <summary>Bytes of a stream; 0 for one that does not exist.</summary>
    public long LengthOf(int stream) => stream >= 0 && stream < _streams.Length ? _streams[stream].Length : 0;

    /// <summary>
    /// Opens a stream for random access; an empty one when it does not exist. Allocates four bytes per block. Blocks
    /// outside of the file are noticed when they are read.
    /// </summary>
    public MsfStream Open(int stream)
    {
        long length = LengthOf(stream);
        if (length == 0)
        {
            return new MsfStream(File, BlockSize, [], 0);
        }

        var blocks = new uint[BlocksFor(length, BlockSize)];
        return TryReadNumbers(_directory, _streams[stream].BlockList, blocks)
            ? new MsfStream(File, BlockSize, blocks, length)
            : new MsfStream(File, BlockSize, [], 0);
    }

    /// <summary>
    /// The numbers of the directory's blocks fill blocks of their own, and the numbers of these follow the superblock.
    /// </summary>
    private static MsfStream OpenDirectory(FileBytes file, int blockSize, long bytes)
    {
        var blocks = new uint[BlocksFor(bytes, blockSize)];
        var listBlocks = new uint[BlocksFor(blocks.Length * 4L, blockSize)];
        if (!file.TrySlice(new ByteRange(SuperBlockBytes, listBlocks.Length * 4L), out var root))
        {
            throw Malformed(MalformedReason.Truncated, SuperBlockBytes, "blocks of the stream directory");
        }

        for (int i = 0; i < listBlocks.Length; i++)
        {
            listBlocks[i] = BinaryPrimitives.ReadUInt32LittleEndian(root[(i * 4)..]);
        }

        var list = new MsfStream(file, blockSize, listBlocks, blocks.Length * 4L);
        return TryReadNumbers(list, 0, blocks)
            ? new MsfStream(file, blockSize, blocks, bytes)
            : throw Malformed(MalformedReason.OutOfRange, SuperBlockBytes, "blocks of the stream directory");
    }

    /// <summary>
    /// The directory: the number of streams, their sizes, then for each the numbers of its blocks. Sound files have no
    /// block in two streams; a directory that claims more blocks than there are is not followed beyond them.
    /// </summary>
    private static StreamEntry[] ReadSizes(MsfStream directory, long fileLength, int blockSize, FaultLog faults)
    {
        Span<uint> count = stackalloc uint[1];
        if (!TryReadNumbers(directory, 0, count))
        {
            throw Malformed(MalformedReason.OutOfRange, directory.FileOffsetOf(0), "stream directory");
        }

        if (count[0] > (directory.Length - 4) / 4)
        {
            throw Malformed(MalformedReason.CountOverLimit, directory.FileOffsetOf(0), "number of streams");
        }

        var sizes = new uint[Math.Min(count[0], MostStreams)];
        if (count[0] > MostStreams)
        {
            faults.Add(new ParseFault(MalformedReason.CountOverLimit, directory.FileOffsetOf(0)), "streams");
        }

        if (!TryReadNumbers(directory, 4, sizes))
        {
            throw Malformed(MalformedReason.OutOfRange, directory.FileOffsetOf(4), "sizes of streams");
        }

        var streams = new StreamEntry[sizes.Length];
        long list = 4 + (count[0] * 4L);
        long blocksLeft = BlocksFor(fileLength, blockSize);
        for (int i = 0; i < sizes.Length; i++)
        {
            long length = sizes[i] == NilStream ? 0 : sizes[i];
            long blocks = BlocksFor(length, blockSize);
            if (blocks > blocksLeft || blocks * 4 > directory.Length - list)
            {
                faults.Add(new ParseFault(MalformedReason.OutOfRange, directory.FileOffsetOf(4 + (i * 4L))), "stream");
                return streams;
            }

            streams[i] = new StreamEntry(length, list);
            list += blocks * 4;
            blocksLeft -= blocks;
        }

        return streams;
    }

    private static bool TryReadNumbers(MsfStream stream, long offset, Span<uint> numbers)
    {
        if (!stream.TryRead(offset, MemoryMarshal.AsBytes(numbers)))
        {
            return false;
        }

        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(numbers, numbers);
        }

        return true;
    }

    private static int BlocksFor(long bytes, int blockSize) => (int)((bytes + blockSize - 1) / blockSize);

    private static MalformedFileException Malformed(MalformedReason reason, long offset, string detail) =>
        new(FileFormat.Pdb, new ParseFault(reason, offset), detail);

    /// <param name="Length">Bytes.</param>
    /// <param name="BlockList">Offset of its block numbers in the directory.</param>
    private readonly record struct StreamEntry(long Length, long BlockList);
}
