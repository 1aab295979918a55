using System.Buffers;
using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Archives;

/// <summary>
/// The content of a cabinet's folder, which is one compressed stream in blocks (CFDATA, [MS-CAB] §2.4). Reading throws
/// <see cref="InvalidDataException"/> for damage.
/// </summary>
internal sealed class CabFolderStream : ForwardStream
{
    private const int HeaderBytes = 8;

    private readonly FileBytes _file;
    private readonly CabFolder _folder;
    private readonly int _reserved;
    private readonly Mszip? _mszip;
    private readonly LzxDecoder? _lzx;
    private readonly byte[] _block = ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
    private int _filled;
    private int _used;
    private int _blocksRead;
    private long _next;
    private bool _disposed;

    /// <param name="file">The cabinet.</param>
    /// <param name="folder">Of a method that is read here.</param>
    /// <param name="reserved">Bytes of each block's header that belong to applications.</param>
    public CabFolderStream(FileBytes file, CabFolder folder, int reserved)
    {
        _file = file;
        _folder = folder;
        _reserved = reserved;
        _next = folder.Data;
        _mszip = folder.Method == CabMethod.Mszip ? new Mszip() : null;
        _lzx = folder.Method == CabMethod.Lzx ? new LzxDecoder(folder.WindowLog) : null;
        Work = _lzx is not null ? 1L << folder.WindowLog : _mszip is not null ? Mszip.StateBytes : 0;
    }

    /// <summary>Bytes that were set up, read or decompressed so far: whole blocks, however little of them was asked for.</summary>
    public long Work { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        while (_used == _filled)
        {
            if (buffer.IsEmpty || _blocksRead == _folder.Blocks)
            {
                return 0;
            }

            ReadBlock();
        }

        int count = Math.Min(buffer.Length, _filled - _used);
        _block.AsSpan(_used, count).CopyTo(buffer);
        _used += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            ArrayPool<byte>.Shared.Return(_block);
        }

        base.Dispose(disposing);
    }

    private void ReadBlock()
    {
        if (!_file.TrySlice(new ByteRange(_next, HeaderBytes + _reserved), out var header))
        {
            throw Damaged("is truncated");
        }

        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(header); // csum
        int packed = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]); // cbData
        int size = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]); // cbUncomp
        if (!_file.TrySlice(new ByteRange(_next + header.Length, packed), out var data))
        {
            throw Damaged("is truncated");
        }

        if (checksum != 0 && !IsRight(checksum, header, data))
        {
            throw Damaged("has another checksum");
        }

        if (size == 0)
        {
            throw Damaged("continues in another cabinet");
        }

        var block = _block.AsSpan(0, size);
        if (!TryDecode(data, block))
        {
            throw Damaged("cannot be decompressed");
        }

        Work += packed + size;
        _next += header.Length + packed;
        _blocksRead++;
        _filled = size;
        _used = 0;
    }

    /// <summary>Writers differ in whether the bytes of applications count.</summary>
    private static bool IsRight(uint checksum, ReadOnlySpan<byte> header, ReadOnlySpan<byte> data)
    {
        uint sum = CabChecksum.Append(0, data);
        return CabChecksum.Append(sum, header[4..HeaderBytes]) == checksum || CabChecksum.Append(sum, header[4..]) == checksum;
    }

    private bool TryDecode(ReadOnlySpan<byte> data, Span<byte> block)
    {
        if (_mszip is not null)
        {
            return _mszip.TryDecode(data, block);
        }

        if (_lzx is not null)
        {
            bool isLast = _blocksRead == _folder.Blocks - 1;
            return (isLast ? block.Length <= LzxDecoder.FrameBytes : block.Length == LzxDecoder.FrameBytes) && _lzx.TryDecode(data, block);
        }

        return data.TryCopyTo(block) && data.Length == block.Length;
    }

    private InvalidDataException Damaged(string what) => new($"cabinet: data block {_blocksRead} of a folder {what}");
}
