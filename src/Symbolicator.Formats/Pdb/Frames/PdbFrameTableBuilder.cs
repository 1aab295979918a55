using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Frames;

/// <summary>
/// Reads the streams of frame data (32 bytes a record, programs in <c>/names</c>) and FPO_DATA (16 bytes). Memory is
/// bounded by the sizes of the streams.
/// </summary>
internal sealed class PdbFrameTableBuilder(PdbFile file)
{
    private const int FrameDataBytes = 32; // FRAMEDATA
    private const int FpoBytes = 16; // FPO_DATA
    private const int RelocationBytes = 4; // in front of frame data that was copied as it is from an object file
    private const int FunctionStartFlag = 4; // FRAMEDATA.fIsFunctionStart
    private const uint LargestSize = int.MaxValue;
    private const int PiecesPerRecord = 4;
    private const int PiecesAtLeast = 4096;
    private const int MostProgramBytes = 256 << 20;

    private readonly List<PdbFrameRow> _rows = [];
    private readonly List<NestedRanges.Entry> _frameData = [];
    private readonly List<NestedRanges.Entry> _fpo = [];
    private readonly Dictionary<uint, (int Start, int Length)> _programsByName = [];
    private readonly List<byte> _programs = [];
    private readonly List<AddressRange> _prolog = [];
    private readonly List<AddressRange> _body = [];
    private PdbFrameRow _last;
    private long _mostRows;
    private long _programBytes;

    public PdbFrameTable Build(CpuProfile cpu)
    {
        using var frameData = new MsfReader(file.OpenImageStream(PdbImageStream.NewFpo));
        using var fpo = new MsfReader(file.OpenImageStream(PdbImageStream.Fpo));
        using var names = file.OpenStrings();
        long records = (frameData.Length / FrameDataBytes) + (fpo.Length / FpoBytes);
        _mostRows = Math.Min(file.Limits.UnwindEntries, (records * PiecesPerRecord) + PiecesAtLeast);
        _programBytes = Math.Min(file.OpenNamedStream("/names").Length, MostProgramBytes); // no linker lets two programs overlap
        ReadFrameData(frameData, names);
        ReadFpo(fpo);
        return new PdbFrameTable(
            [.. _rows], [.. _programs], NestedRanges.Build(_frameData), NestedRanges.Build(_fpo), cpu, file.Limits);
    }

    private void ReadFrameData(MsfReader stream, PdbStringTable names)
    {
        long start = stream.Length % FrameDataBytes == RelocationBytes ? RelocationBytes : 0;
        for (long at = start; stream.Length - at >= FrameDataBytes; at += FrameDataBytes)
        {
            if (!stream.TryRead(at, FrameDataBytes, out var bytes))
            {
                file.Faults.Add(stream.FaultAt(MalformedReason.OutOfRange, at), "frame data");
                return;
            }

            var reader = new ByteReader(bytes);
            var row = new PdbFrameRow
            {
                Type = WindowsFrameRecord.FrameData,
                FileOffset = stream.Stream.FileOffsetOf(at),
                Start = reader.ReadU32(), // ulRvaStart
                Size = reader.ReadU32(), // cbBlock
                Locals = reader.ReadU32(), // cbLocals
                Params = reader.ReadU32(), // cbParams
                MaxStack = reader.ReadU32(), // cbStkMax
            };
            uint program = reader.ReadU32(); // frameFunc
            row.Prolog = reader.ReadU16(); // cbProlog
            row.SavedRegs = reader.ReadU16(); // cbSavedRegs
            row.Flags = (reader.ReadU32() & FunctionStartFlag) != 0 ? PdbFrameRow.StartsFunction : (byte)0;
            if (IsRepeated(row))
            {
                continue;
            }

            if (!TryFindProgram(names, program, out row.Program, out row.ProgramLength))
            {
                file.Faults.Add(stream.FaultAt(MalformedReason.OutOfRange, at), "frame program");
            }
            else if (!TryAdd(row, _frameData))
            {
                file.Faults.Add(stream.FaultAt(MalformedReason.CountOverLimit, at), "frame data");
                return;
            }
        }
    }

    private void ReadFpo(MsfReader stream)
    {
        _last = default;
        for (long at = 0; stream.Length - at >= FpoBytes; at += FpoBytes)
        {
            if (!stream.TryRead(at, FpoBytes, out var bytes))
            {
                file.Faults.Add(stream.FaultAt(MalformedReason.OutOfRange, at), "FPO data");
                return;
            }

            ushort bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]); // cbProlog:8 cbRegs:3 fHasSEH:1 fUseBP:1 reserved:1 cbFrame:2
            uint locals = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]); // cdwLocals
            int kind = bits >> 14;
            if (kind is not (WindowsFrameRecord.Fpo or WindowsFrameRecord.BasePointer))
            {
                continue; // traps and task switches: what lies on the stack is not said
            }

            var row = new PdbFrameRow
            {
                Type = (byte)kind,
                FileOffset = stream.Stream.FileOffsetOf(at),
                Start = BinaryPrimitives.ReadUInt32LittleEndian(bytes), // ulOffStart
                Size = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]), // cbProcSize
                Locals = unchecked(locals * 4),
                Params = BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]) * 4u, // cdwParams
                Prolog = bits & 0xffu,
                SavedRegs = ((uint)bits >> 8 & 7) * 4,
                Flags = (byte)(PdbFrameRow.StartsFunction | ((bits >> 12 & 1) * PdbFrameRow.UsesBasePointer)),
            };
            if (locals > uint.MaxValue / 4)
            {
                file.Faults.Add(stream.FaultAt(MalformedReason.BadValue, at), "FPO data");
            }
            else if (!IsRepeated(row) && !TryAdd(row, _fpo))
            {
                file.Faults.Add(stream.FaultAt(MalformedReason.CountOverLimit, at), "FPO data");
                return;
            }
        }
    }

    /// <summary>System libraries have runs of identical records, and records that cover half of the address space.</summary>
    private bool IsRepeated(in PdbFrameRow row)
    {
        bool repeated = row.Type == _last.Type && row.Start == _last.Start && row.Size == _last.Size && row.Prolog == _last.Prolog;
        if (row.Size <= LargestSize)
        {
            _last = row;
        }

        return repeated || row.Size > LargestSize;
    }

    /// <summary>
    /// Adds a record where it lies in the image; prolog and body are translated on their own, because a tool that
    /// rearranged the image may have separated them. False when there are too many.
    /// </summary>
    private bool TryAdd(PdbFrameRow row, List<NestedRanges.Entry> ranges)
    {
        uint prolog = Math.Min(row.Prolog, row.Size);
        _prolog.Clear();
        _body.Clear();
        if (file.Addresses.IsRearranged)
        {
            file.Addresses.AddRanges(row.Start, prolog, _prolog);
            file.Addresses.AddRanges(unchecked(row.Start + prolog), row.Size - prolog, _body);
        }
        else
        {
            // Nothing moves, and the size of the prolog is kept also where it is larger than the record.
            ulong end = Math.Min((ulong)row.Start + row.Size, 1UL << 32);
            return row.Size == 0 || TryAddPiece(row, new AddressRange(row.Start, end), row.Prolog, row.Flags, ranges);
        }

        if (_prolog.Count == 1 && _body.Count == 1 && _prolog[0].End == _body[0].Start)
        {
            return TryAddPiece(row, new AddressRange(_prolog[0].Start, _body[0].End), prolog, row.Flags, ranges);
        }

        byte flags = row.Flags;
        foreach (var range in _prolog)
        {
            if (!TryAddPiece(row, range, SizeOf(range), flags, ranges))
            {
                return false;
            }

            flags &= unchecked((byte)~PdbFrameRow.StartsFunction);
        }

        foreach (var range in _body)
        {
            if (!TryAddPiece(row, range, 0, flags, ranges))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryAddPiece(PdbFrameRow row, AddressRange range, uint prolog, byte flags, List<NestedRanges.Entry> ranges)
    {
        if (_rows.Count >= _mostRows)
        {
            return false;
        }

        row.Start = (uint)range.Start;
        row.Size = SizeOf(range);
        row.Prolog = prolog;
        row.Flags = flags;
        ranges.Add(new NestedRanges.Entry(range.Start, range.End, _rows.Count));
        _rows.Add(row);
        return true;
    }

    private static uint SizeOf(AddressRange range) => (uint)Math.Min(range.End - range.Start, uint.MaxValue);

    /// <summary>False when there is no text, or when texts overlap so much that no linker wrote them.</summary>
    private bool TryFindProgram(PdbStringTable names, uint offset, out int start, out int length)
    {
        if (_programsByName.TryGetValue(offset, out var known))
        {
            (start, length) = known;
            return length > 0;
        }

        (start, length) = (0, 0);
        if (names.TryGet(offset, out var text) && _programs.Count + (long)text.Length <= _programBytes)
        {
            text = text.Trim(" \t"u8);
            start = _programs.Count;
            length = text.Length;
            _programs.AddRange(text);
        }

        _programsByName.Add(offset, (start, length));
        return length > 0;
    }
}
