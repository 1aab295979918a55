using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Finds the blocks of line tables as Visual C++ wrote them before 2005 (C11, sstSrcModule): a header with the files and
/// pieces of code of the module, a header of each file with its blocks, blocks with offsets in the section and lines.
/// All offsets in it count from its start.
/// </summary>
internal sealed class C11Lines(LineIndex index, LineReader rows, SourceFiles files, ParseLimits limits, FaultLog faults)
{
    private const int PairBytes = 8;
    private const int C11RowBytes = 6;
    private const int SmallestBlock = 4 + C11RowBytes;

    private readonly List<(AddressRange Code, int Stretch)> _code = [];
    private long _pathBytesLeft;

    public void Read(MsfReader stream, ByteRange area)
    {
        _code.Clear();
        _pathBytesLeft = area.Length; // paths do not overlap
        if (area.Length < 4 || !stream.TryReadU16(area.Offset, out ushort fileCount)
            || !stream.TryReadU16(area.Offset + 2, out ushort pieceCount) || !TryReadCode(stream, area, fileCount, pieceCount))
        {
            faults.Add(stream.FaultAt(MalformedReason.Truncated, area.Offset), "C11 lines");
            return;
        }

        for (int i = 0; i < fileCount; i++)
        {
            if (!stream.TryReadU32(area.Offset + 4 + (4L * i), out uint at) || !TryReadFile(stream, area, at))
            {
                faults.Add(stream.FaultAt(MalformedReason.OutOfRange, area.Offset + 4 + (4L * i)), "C11 file");
            }
        }
    }

    /// <summary>First and last offset of each piece of code, then the section of each.</summary>
    private bool TryReadCode(MsfReader stream, ByteRange area, int fileCount, int pieceCount)
    {
        long pairs = area.Offset + 4 + (4L * fileCount);
        long sections = pairs + ((long)PairBytes * pieceCount);
        if (sections + (2L * pieceCount) > area.End)
        {
            return false;
        }

        for (int i = 0; i < pieceCount; i++)
        {
            if (!stream.TryReadU32(pairs + ((long)PairBytes * i), out uint first)
                || !stream.TryReadU32(pairs + ((long)PairBytes * i) + 4, out uint last)
                || !stream.TryReadU16(sections + (2L * i), out ushort section))
            {
                return false;
            }

            if (section != 0 && last >= first)
            {
                var code = SourceAddress.Range(SourceAddress.Of(section, first), (ulong)last - first + 1);
                _code.Add((code, index.AddStretch(code)));
            }
        }

        _code.Sort((left, right) => left.Code.Start.CompareTo(right.Code.Start));
        return true;
    }

    /// <summary>Number of blocks, their offsets, the code of each, the path.</summary>
    private bool TryReadFile(MsfReader stream, ByteRange area, uint offset)
    {
        long at = area.Offset + offset;
        if (at > area.End - 4 || !stream.TryReadU16(at, out ushort blockCount))
        {
            return false;
        }

        long path = at + 4 + (4L * blockCount) + ((long)PairBytes * blockCount);
        int longest = (int)Math.Min(limits.StringBytes, _pathBytesLeft);
        if (path >= area.End || !stream.TryReadCString(path, longest, out var name))
        {
            _pathBytesLeft -= longest;
            return false;
        }

        _pathBytesLeft -= name.Length;
        var file = files.Of(name);
        for (int i = 0; i < blockCount; i++)
        {
            if (!stream.TryReadU32(at + 4 + (4L * i), out uint block) || !TryReadBlock(stream, area, block, file))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryReadBlock(MsfReader stream, ByteRange area, uint offset, FileRef file)
    {
        long at = area.Offset + offset;
        if (rows.IsExhausted || index.IsFull(area.Length / SmallestBlock) || at > area.End - 4 || !stream.TryReadU16(at, out ushort section) || !stream.TryReadU16(at + 2, out ushort count)
            || ((long)count * C11RowBytes) > area.End - at - 4)
        {
            return false;
        }

        var block = new LineBlock { File = file, Count = count, Rows = at + 4, IsC11 = true };
        if (rows.TryMeasure(ref block) && StretchAt(SourceAddress.Of(section, block.First)) is var stretch and >= 0)
        {
            block.Stretch = stretch;
            index.Add(block);
        }

        return true;
    }

    private int StretchAt(ulong address)
    {
        int low = 0;
        for (int high = _code.Count; low < high;)
        {
            int middle = (low + high) >>> 1;
            (low, high) = _code[middle].Code.Start <= address ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && _code[low - 1].Code.Contains(address) ? _code[low - 1].Stretch : -1;
    }
}
