using System.Buffers.Binary;
using System.Text;

namespace Symbolicator.TestKit;

/// <summary>
/// Writes multi-stream files (MSF 7). Blocks of streams lie one behind the other, or in an order that no two blocks of a
/// stream share when <see cref="Scatter"/> is set.
/// </summary>
public sealed class MsfBuilder(int blockSize = 4096)
{
    private readonly List<byte[]?> _streams = [];

    /// <summary>Puts the blocks of all streams and of the directory in a shuffled order.</summary>
    public bool Scatter { get; set; }

    /// <summary>Number of the first block of streams; blocks before it are zeros.</summary>
    public int FirstBlock { get; set; } = 3;

    /// <summary>Adds a stream and returns its number; null for a nil stream.</summary>
    public int Stream(byte[]? content)
    {
        _streams.Add(content);
        return _streams.Count - 1;
    }

    /// <summary>Sets a stream by number; streams before it that do not exist become nil.</summary>
    public MsfBuilder Stream(int number, byte[]? content)
    {
        while (_streams.Count <= number)
        {
            _streams.Add(null);
        }

        _streams[number] = content;
        return this;
    }

    /// <summary>Streams in order of their numbers; null for nil ones.</summary>
    public IReadOnlyList<byte[]?> Streams => _streams;

    public byte[] Build()
    {
        var pieces = BuildPieces();
        byte[] file = new byte[pieces[^1].Offset + pieces[^1].Content.Length];
        foreach (var (offset, content) in pieces)
        {
            content.CopyTo(file, offset);
        }

        return file;
    }

    /// <summary>What is not zero in the file, ascending; the last piece is a whole block.</summary>
    public List<(long Offset, byte[] Content)> BuildPieces()
    {
        var blocks = new List<byte[]>(); // content of the blocks to place
        var lists = _streams.ConvertAll(stream => Split(stream ?? [], blocks));
        int directoryBytes = 4 + (_streams.Count * 4) + (blocks.Count * 4);
        int directoryBlocks = Count(directoryBytes);
        int total = blocks.Count + directoryBlocks + Count(directoryBlocks * 4);
        int[] places = Places(total);

        byte[] directory = new byte[directoryBytes];
        Put(directory, 0, _streams.Count);
        int at = 4 + (_streams.Count * 4);
        for (int i = 0; i < _streams.Count; i++)
        {
            Put(directory, 4 + (i * 4), _streams[i]?.Length ?? -1);
            foreach (int block in lists[i])
            {
                Put(directory, at, places[block]);
                at += 4;
            }
        }

        int[] ofDirectory = Split(directory, blocks);
        int[] ofList = Split(Numbers(ofDirectory, places), blocks);
        byte[] root = Numbers(ofList, places);
        if (52 + root.Length > blockSize)
        {
            throw new InvalidOperationException("the directory is too large for this block size");
        }

        int last = places.Length == 0 ? 2 : places.Max();
        byte[] super = new byte[blockSize];
        Encoding.ASCII.GetBytes("Microsoft C/C++ MSF 7.00\r\n\u001aDS\0\0\0").CopyTo(super, 0);
        Put(super, 32, blockSize);
        Put(super, 36, 1); // free block map
        Put(super, 40, last + 1);
        Put(super, 44, directoryBytes);
        root.CopyTo(super, 52);
        var pieces = new List<(long Offset, byte[] Content)> { (0, super) };
        for (int i = 0; i < blocks.Count; i++)
        {
            byte[] block = new byte[blockSize];
            blocks[i].CopyTo(block, 0);
            pieces.Add(((long)places[i] * blockSize, block));
        }

        pieces.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        return pieces;
    }

    /// <summary>Numbers of blocks for all content; the two free block maps of every interval are left out.</summary>
    private int[] Places(int count)
    {
        int[] places = new int[count];
        int block = FirstBlock;
        for (int i = 0; i < count; i++, block++)
        {
            while (block % blockSize is 1 or 2)
            {
                block++;
            }

            places[i] = block;
        }

        if (Scatter)
        {
            new Random(count).Shuffle(places);
        }

        return places;
    }

    private int[] Split(byte[] content, List<byte[]> blocks)
    {
        int[] indices = new int[Count(content.Length)];
        for (int i = 0; i < indices.Length; i++)
        {
            indices[i] = blocks.Count;
            blocks.Add(content[(i * blockSize)..Math.Min(content.Length, (i + 1) * blockSize)]);
        }

        return indices;
    }

    private static byte[] Numbers(int[] indices, int[] places)
    {
        byte[] bytes = new byte[indices.Length * 4];
        for (int i = 0; i < indices.Length; i++)
        {
            Put(bytes, i * 4, places[indices[i]]);
        }

        return bytes;
    }

    private int Count(int bytes) => (bytes + blockSize - 1) / blockSize;

    private static void Put(byte[] bytes, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
}
