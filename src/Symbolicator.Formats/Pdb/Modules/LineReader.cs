using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Reads rows of the module at hand. What all reads together may take is bounded by the size of the line information:
/// many procedures may claim the same code.
/// </summary>
internal sealed class LineReader(ParseLimits limits, FaultLog faults)
{
    public const int RowBytes = 8; // CV_Line_t; of C11 an offset of four bytes

    private const int C11OffsetBytes = 4;
    private const int C11LineBytes = 2;
    private const uint LineMask = 0xff_ffff; // CV_Line_t.linenumStart
    private const uint NeverStepInto = 0xfeefee;
    private const uint AlwaysStepInto = 0xf00f00;
    private const int ChunkRows = 512;
    private const long Floor = 16 << 20;
    private const int Reuse = 16;

    private MsfReader? _stream;
    private long _rowsLeft = Floor;

    /// <summary>Turns to a module.</summary>
    public void Begin(MsfReader stream, PdbModule module)
    {
        _stream = stream;
        _rowsLeft += Reuse * (Math.Min((long)module.C11Bytes + module.C13Bytes, stream.Length) / RowBytes);
    }

    /// <summary>Finds the first and last offset of the rows; false when there are none or they cannot be read.</summary>
    public bool TryMeasure(ref LineBlock block)
    {
        block.First = uint.MaxValue;
        block.IsSorted = true;
        uint previous = 0;
        int size = SizeOf(block);
        _rowsLeft -= block.Count + 1L;
        if (_rowsLeft < 0)
        {
            return false;
        }

        for (int row = 0; row < block.Count;)
        {
            int chunk = Math.Min(ChunkRows, block.Count - row);
            if (!_stream!.TryRead(block.Rows + ((long)row * size), chunk * size, out var bytes))
            {
                return false;
            }

            for (int i = 0; i < chunk; i++)
            {
                uint offset = unchecked(BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * size)..]) + block.Base);
                block.IsSorted &= offset >= previous;
                block.First = Math.Min(block.First, offset);
                block.Last = Math.Max(block.Last, offset);
                previous = offset;
            }

            row += chunk;
        }

        return block.Count > 0;
    }

    /// <summary>Appends the rows of a block between two offsets, and the one that holds at the first.</summary>
    public void Read(in LineBlock block, ushort section, uint first, uint end, List<SourceRow> rows)
    {
        int size = SizeOf(block);
        for (int row = block.IsSorted ? Math.Max(CountUpTo(block, first) - 1, 0) : 0; row < block.Count; row++)
        {
            if (--_rowsLeft < 0 || rows.Count == limits.LineRows)
            {
                var reason = _rowsLeft < 0 ? MalformedReason.StepsOverLimit : MalformedReason.CountOverLimit;
                faults.Add(_stream!.FaultAt(reason, block.Rows), "lines of a function");
                return;
            }

            // Rows are a view of the file nearly always, so that single reads cost little.
            if (!_stream!.TryReadU32(block.Rows + ((long)row * size), out uint offset) || !TryReadLine(block, row, out uint line))
            {
                return;
            }

            offset = unchecked(offset + block.Base);
            if (offset < end)
            {
                bool isHidden = line is 0 or NeverStepInto or AlwaysStepInto;
                rows.Add(new SourceRow(
                    SourceAddress.Of(section, offset), rows.Count, isHidden ? default : block.File, isHidden ? 0 : line));
            }
            else if (block.IsSorted)
            {
                return;
            }
        }
    }

    private static int SizeOf(in LineBlock block) => block.IsC11 ? C11OffsetBytes : RowBytes;

    private bool TryReadLine(in LineBlock block, int row, out uint line)
    {
        if (!block.IsC11)
        {
            bool read = _stream!.TryReadU32(block.Rows + ((long)row * RowBytes) + 4, out line);
            line &= LineMask;
            return read;
        }

        bool isRead = _stream!.TryReadU16(block.Rows + ((long)block.Count * C11OffsetBytes) + ((long)row * C11LineBytes), out ushort number);
        line = number;
        return isRead;
    }

    /// <summary>Rows at or before an offset in a block whose rows ascend.</summary>
    private int CountUpTo(in LineBlock block, uint offset)
    {
        int size = SizeOf(block);
        int low = 0;
        for (int high = block.Count; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (!_stream!.TryReadU32(block.Rows + ((long)middle * size), out uint at))
            {
                return 0;
            }

            (low, high) = unchecked(at + block.Base) <= offset ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
