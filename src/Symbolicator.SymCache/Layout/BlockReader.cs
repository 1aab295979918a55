namespace Symbolicator.SymCache.Layout;

/// <summary>
/// Decodes the rows of one block of ROWS in order. Every read is bounded by the block's bytes; a damaged block ends
/// early.
/// </summary>
internal ref struct BlockReader
{
    /// <summary>Rows of a full block.</summary>
    public const int MaxRows = 32;

    private readonly ReadOnlySpan<byte> _block;
    private int _at;
    private int _left;
    private bool _first;
    private long _context;
    private ulong _file;
    private long _line;

    public BlockReader(ReadOnlySpan<byte> block, ulong start)
    {
        _block = block;
        _left = block.IsEmpty ? 0 : Math.Min((int)block[0], MaxRows);
        _at = 1;
        _first = true;
        Address = start;
    }

    public ulong Address { get; private set; }

    /// <summary>No code is known from <see cref="Address"/> on.</summary>
    public bool IsGap { get; private set; }

    /// <summary>Inline context, unchecked.</summary>
    public readonly ulong Context => unchecked((ulong)_context);

    /// <summary>File id, unchecked; 0 for none.</summary>
    public readonly ulong File => _file;

    public readonly uint Line => unchecked((uint)_line);

    /// <summary>
    /// Finds the row that holds at an address at or behind the block's start; false for a gap and for a damaged block.
    /// The same decoding as <see cref="MoveNext"/>, with its state in registers.
    /// </summary>
    public static bool TryFind(ReadOnlySpan<byte> block, ulong start, ulong rva, out ulong context, out ulong file, out uint line)
    {
        ulong tag = 0;
        long contextNow = 0;
        ulong fileNow = 0;
        long lineNow = 0;
        int at = 1;
        int left = block.IsEmpty ? 0 : Math.Min((int)block[0], MaxRows);
        ulong address = start;
        while (left > 0)
        {
            tag = Leb.Read(block, ref at);
            if (tag != 0)
            {
                ulong change = unchecked(tag - 1);
                contextNow = unchecked(contextNow + Unzigzag(change >> 1));
                if ((change & 1) != 0)
                {
                    fileNow = Leb.Read(block, ref at);
                }

                lineNow = unchecked(lineNow + Unzigzag(Leb.Read(block, ref at)));
            }

            if (--left == 0)
            {
                break;
            }

            address = unchecked(address + Leb.Read(block, ref at));
            if (address > rva)
            {
                break;
            }
        }

        context = unchecked((ulong)contextNow);
        file = fileNow;
        line = unchecked((uint)lineNow);
        return tag != 0 && !Leb.Failed(block, at);
    }

    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }

        _left--;
        if (!_first)
        {
            // A damaged delta may wrap: the answer is wrong then, the loop still ends.
            Address = unchecked(Address + Leb.Read(_block, ref _at));
        }

        _first = false;
        ulong tag = Leb.Read(_block, ref _at);
        IsGap = tag == 0;
        if (!IsGap)
        {
            tag = unchecked(tag - 1);
            _context = unchecked(_context + Unzigzag(tag >> 1));
            if ((tag & 1) != 0)
            {
                _file = Leb.Read(_block, ref _at);
            }

            _line = unchecked(_line + Unzigzag(Leb.Read(_block, ref _at)));
        }

        return !Leb.Failed(_block, _at);
    }

    private static long Unzigzag(ulong value) => unchecked((long)(value >> 1) ^ -(long)(value & 1));
}
