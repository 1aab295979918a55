using Symbolicator.SymCache.Layout;

namespace Symbolicator.SymCache.Build;

/// <summary>
/// Encodes rows into blocks of 32 and keeps the block index. Equal neighbours become one row. Each block starts with
/// absolute values, so that it can be decoded alone.
/// </summary>
internal sealed class RowWriter(SectionWriter rows)
{
    private readonly ByteSink _block = new();
    private readonly List<ulong> _starts = [];
    private readonly List<uint> _offsets = [];
    private int _inBlock;
    private ulong _address;
    private long _context;
    private int _file;
    private uint _line;
    private (long Context, int File, uint Line) _last = (-1, 0, 0);

    public const int BytesPerBlock = 12;

    public uint RowCount { get; private set; }

    public IReadOnlyList<ulong> BlockStarts => _starts;

    public IReadOnlyList<uint> BlockOffsets => _offsets;

    /// <summary>Adds a row; context -1 is a gap. Addresses ascend.</summary>
    public void Add(ulong address, long context, int file, uint line)
    {
        var row = (context, file, line);
        if (row == _last)
        {
            return;
        }

        _last = row;
        if (_inBlock == BlockReader.MaxRows)
        {
            Flush();
        }

        if (_inBlock == 0)
        {
            _starts.Add(address);
            _context = 0;
            _file = 0;
            _line = 0;
        }
        else
        {
            _block.WriteUleb(address - _address);
        }

        _address = address;
        _inBlock++;
        RowCount++;
        if (context < 0)
        {
            _block.WriteUleb(0);
            return;
        }

        bool fileChanged = file != _file;
        _block.WriteUleb(((ByteSink.Zigzag(context - _context) << 1) | (fileChanged ? 1UL : 0)) + 1);
        if (fileChanged)
        {
            _block.WriteUleb((ulong)file);
        }

        _block.WriteUleb(ByteSink.Zigzag((long)line - _line));
        _context = context;
        _file = file;
        _line = line;
    }

    public void Flush()
    {
        if (_inBlock == 0)
        {
            return;
        }

        _offsets.Add(SymCacheBuilder.Offset32(rows.Length, "rows"));
        rows.WriteU8((byte)_inBlock);
        rows.Write(_block.Written);
        _block.Clear();
        _inBlock = 0;
    }
}
