using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Finds the blocks of DEBUG_S_LINES: a header with the code, then for each file its rows, then their columns.</summary>
internal sealed class C13Lines(
    LineIndex index, LineReader rows, SourceFiles files, FileChecksums checksums, ParseLimits limits, FaultLog faults)
{
    private const int HeaderBytes = 12; // CV_DebugSLinesHeader_t
    private const int BlockBytes = 12; // CV_DebugSLinesFileBlockHeader_t

    public void Read(MsfReader stream, ByteRange content)
    {
        if (!stream.TryRead(content.Offset, (int)Math.Min(HeaderBytes, content.Length), out var header) || header.Length < HeaderBytes)
        {
            faults.Add(stream.FaultAt(MalformedReason.Truncated, content.Offset), "line subsection");
            return;
        }

        uint start = BinaryPrimitives.ReadUInt32LittleEndian(header);
        ushort section = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (section == 0 || size == 0)
        {
            return; // discarded code
        }

        if (index.IsFull(limits.LineRows))
        {
            faults.Add(stream.FaultAt(MalformedReason.CountOverLimit, content.Offset), "line subsection");
            return;
        }

        int stretch = index.AddStretch(SourceAddress.Range(SourceAddress.Of(section, start), size));
        for (long at = content.Offset + HeaderBytes; content.End - at >= BlockBytes;)
        {
            if (!stream.TryRead(at, BlockBytes, out var bytes) || index.IsFull(limits.LineRows))
            {
                faults.Add(stream.FaultAt(MalformedReason.OutOfRange, at), "lines of a file");
                return;
            }

            uint file = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            if (length < BlockBytes || length > content.End - at || count > (length - BlockBytes) / LineReader.RowBytes)
            {
                faults.Add(stream.FaultAt(MalformedReason.OutOfRange, at), "lines of a file");
                return;
            }

            if (!files.TryGet(checksums, file, out var path))
            {
                faults.Add(stream.FaultAt(MalformedReason.BadValue, at), "file of lines");
            }

            var block = new LineBlock { Stretch = stretch, Base = start, File = path, Count = (int)count, Rows = at + BlockBytes };
            if (rows.TryMeasure(ref block))
            {
                index.Add(block);
            }

            at += length;
        }
    }
}
