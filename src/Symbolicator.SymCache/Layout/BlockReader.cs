using System.Runtime.CompilerServices;
using Symbolicator.Formats.Core;

namespace Symbolicator.SymCache.Layout;

/// <summary>
/// Decodes the rows of one block of ROWS in order. Every read is bounded by the block's bytes; a damaged block ends
/// early with <see cref="Faulted"/>.
/// </summary>
internal ref struct BlockReader
{
    /// <summary>Rows of a full block.</summary>
    public const int MaxRows = 32;

    private ByteReader _bytes;
    private int _left;
    private bool _first;
    private long _context;
    private ulong _file;
    private long _line;

    public BlockReader(ReadOnlySpan<byte> block, ulong start)
    {
        _bytes = new ByteReader(block);
        _left = Math.Min((int)_bytes.ReadU8(), MaxRows);
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

    public readonly bool Faulted => !_bytes.Fault.IsNone;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }

        _left--;
        if (_first)
        {
            _first = false;
        }
        else
        {
            // A damaged delta may wrap: the answer is wrong then, the loop still ends.
            Address = unchecked(Address + _bytes.ReadUleb128());
        }

        ulong tag = _bytes.ReadUleb128();
        IsGap = tag == 0;
        if (!IsGap)
        {
            tag = unchecked(tag - 1);
            _context = unchecked(_context + Unzigzag(tag >> 1));
            if ((tag & 1) != 0)
            {
                _file = _bytes.ReadUleb128();
            }

            _line = unchecked(_line + Unzigzag(_bytes.ReadUleb128()));
        }

        return _bytes.Fault.IsNone;
    }

    private static long Unzigzag(ulong value) => unchecked((long)(value >> 1) ^ -(long)(value & 1));
}
