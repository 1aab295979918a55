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

    private readonly ushort[] _oldLines = new ushort[ChunkRows];
    private MsfReader? _stream;
    private long _rowsLeft = Floor;

    /// <summary>Nothing can be read any more.</summary>
    public bool IsExhausted => _rowsLeft < 0;

    /// <summary>Turns to a module.</summary>
    public void Begin(MsfReader stream, PdbModule module)
    {
        _stream = stream;
        _rowsLeft += Reuse * (Math.Min((long)module.C11Bytes + module.C13Bytes, stream.Length) / RowBytes);
    }

    /// <summary>
    /// Charges for what is looked at besides rows: blocks that are passed over. False when nothing can be read any more.
    /// </summary>
    public bool TryCharge(int steps)
    {
        bool wasExhausted = IsExhausted;
        _rowsLeft -= steps;
        if (IsExhausted && !wasExhausted)
        {
            faults.Add(_stream!.FaultAt(MalformedReason.StepsOverLimit, 0), "lines of a function");
        }

        return !IsExhausted;
    }

    /// <summary>Notes that there are more lines than a function may have.</summary>
    public void FaultTooMany() => faults.Add(_stream!.FaultAt(MalformedReason.CountOverLimit, 0), "lines of a function");

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
        int begin = block.IsSorted && block.First < first ? Math.Max(CountBefore(block, first + 1UL) - 1, 0) : 0;
        int stop = block.IsSorted && block.Last >= end ? CountBefore(block, end) : block.Count;
        int size = SizeOf(block);
        for (int row = begin; row < stop;)
        {
            int chunk = Math.Min(Math.Min(ChunkRows, stop - row), limits.LineRows - rows.Count);
            _rowsLeft -= chunk;
            if (_rowsLeft < 0 || chunk == 0)
            {
                var reason = _rowsLeft < 0 ? MalformedReason.StepsOverLimit : MalformedReason.CountOverLimit;
                faults.Add(_stream!.FaultAt(reason, block.Rows), "lines of a function");
                return;
            }

            if ((block.IsC11 && !TryReadOldLines(block, row, chunk))
                || !_stream!.TryRead(block.Rows + ((long)row * size), chunk * size, out var bytes))
            {
                return;
            }

            for (int i = 0; i < chunk; i++)
            {
                uint offset = unchecked(BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * size)..]) + block.Base);
                if (offset < end)
                {
                    uint line = block.IsC11 ? _oldLines[i] : BinaryPrimitives.ReadUInt32LittleEndian(bytes[((i * size) + 4)..]) & LineMask;
                    bool isHidden = line is 0 or NeverStepInto or AlwaysStepInto;
                    rows.Add(new SourceRow(
                        SourceAddress.Of(section, offset), rows.Count, isHidden ? default : block.File, isHidden ? 0 : line));
                }
            }

            row += chunk;
        }
    }

    private static int SizeOf(in LineBlock block) => block.IsC11 ? C11OffsetBytes : RowBytes;

    /// <summary>Lines of C11 rows, which are not beside their offsets.</summary>
    private bool TryReadOldLines(in LineBlock block, int row, int count)
    {
        long at = block.Rows + ((long)block.Count * C11OffsetBytes) + ((long)row * C11LineBytes);
        if (!_stream!.TryRead(at, count * C11LineBytes, out var bytes))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            _oldLines[i] = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * C11LineBytes)..]);
        }

        return true;
    }

    /// <summary>Rows before an offset in a block whose rows ascend.</summary>
    private int CountBefore(in LineBlock block, ulong offset)
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

            (low, high) = unchecked(at + block.Base) < offset ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
