using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// Where the records of a type stream lie. Every eight kilobytes or so a list in the file states number and offset of
/// a record; from there the records are counted. A list that is absent or found to be wrong is replaced by one made
/// in a single pass. Positions counted lately are kept. Not thread-safe.
/// </summary>
internal sealed class TypeOffsets(
    MsfReader stream, ByteRange records, uint first, uint end, FaultLog faults, string what) : IDisposable
{
    private const int PieceBytes = 8 << 10; // between entries of the list
    private const int LongestPiece = PieceBytes + (64 << 10) + 2; // ended by the longest record there is
    private const int SmallestRecord = 4;
    private const int EntryBytes = 8;
    private const int KeptPieces = 1024; // a power of two

    private readonly MsfReader _pieces = new(stream.Stream);
    private readonly KeptPiece[] _kept = new KeptPiece[KeptPieces];
    private SkipEntry[] _list = [];
    private bool _ownList;

    public uint Count => end - first;

    /// <summary>Records counted so far, again for pieces that were not kept.</summary>
    public long Work { get; private set; }

    /// <summary>Takes the list of the file when it is plausible; whether it is right shows in use.</summary>
    public void ReadSkipList(MsfReader hashes, uint offset, uint bytes)
    {
        // Producers write an entry per eight kilobytes; a much longer list is not worth its memory.
        long most = (records.Length / (PieceBytes / 16)) + 1;
        if (bytes == 0 || bytes / EntryBytes > most || offset > hashes.Length || bytes > hashes.Length - offset)
        {
            return;
        }

        var list = new SkipEntry[bytes / EntryBytes];
        for (int i = 0; i < list.Length; i++)
        {
            if (!hashes.TryRead(offset + ((long)i * EntryBytes), EntryBytes, out var entry))
            {
                return;
            }

            list[i] = new SkipEntry(BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]));
            bool follows = i == 0
                ? list[i] == new SkipEntry(first, 0)
                : list[i].Number > list[i - 1].Number && list[i].Offset > list[i - 1].Offset;
            if (!follows || list[i].Number >= end || list[i].Offset >= records.Length)
            {
                return;
            }
        }

        _list = list;
    }

    /// <summary>Offset of a record in the stream, at its length field.</summary>
    public bool TryFind(uint number, out long position)
    {
        position = 0;
        if (number < first || number >= end)
        {
            return false;
        }

        if (_list.Length == 0 && !_ownList)
        {
            MakeList();
        }

        int piece = PieceOf(number);
        if (piece >= 0 && !TryKeep(piece) && !_ownList)
        {
            faults.Add(stream.FaultAt(MalformedReason.BadValue, records.Offset + _list[piece].Offset), what + " skip list");
            MakeList();
            piece = PieceOf(number);
        }

        if (piece < 0 || !TryKeep(piece))
        {
            return false;
        }

        ref readonly var kept = ref _kept[piece & (KeptPieces - 1)];
        uint index = number - _list[piece].Number;
        if (index >= (uint)kept.Count)
        {
            return false; // the stream ends before the number that its header states
        }

        position = records.Offset + _list[piece].Offset + kept.Offsets![index];
        return true;
    }

    public void Dispose() => _pieces.Dispose();

    private int PieceOf(uint number)
    {
        int low = 0;
        int high = _list.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_list[middle].Number <= number)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    /// <summary>
    /// Counts the records of a piece unless that is known; false when they do not lead to the next entry of the list.
    /// </summary>
    private bool TryKeep(int piece)
    {
        ref var kept = ref _kept[piece & (KeptPieces - 1)];
        if (kept.Offsets is not null && kept.Piece == piece)
        {
            return true;
        }

        bool isLast = piece + 1 == _list.Length;
        uint start = _list[piece].Offset;
        long length = (isLast ? records.Length : _list[piece + 1].Offset) - start;
        uint wanted = (isLast ? end : _list[piece + 1].Number) - _list[piece].Number;
        if (length > LongestPiece || !_pieces.TryRead(records.Offset + start, (int)length, out var bytes))
        {
            return false;
        }

        kept.Piece = piece;
        kept.Count = 0;
        kept.Offsets ??= new uint[PieceBytes / 32];
        int at = 0;
        while (kept.Count < wanted && TryStep(bytes[at..], out int step))
        {
            if (kept.Count == kept.Offsets.Length)
            {
                Array.Resize(ref kept.Offsets, kept.Count * 2);
            }

            kept.Offsets[kept.Count++] = (uint)at;
            at += step;
        }

        Work += kept.Count;
        if (isLast || (kept.Count == wanted && at == length))
        {
            return true;
        }

        kept.Offsets = null;
        return false;
    }

    /// <summary>One pass over all records; an entry when a piece is full.</summary>
    private void MakeList()
    {
        _ownList = true;
        Array.Clear(_kept);
        var list = new List<SkipEntry>();
        uint number = first;
        long at = 0;
        long next = 0;
        while (number < end && at < records.Length)
        {
            int window = (int)Math.Min(LongestPiece, records.Length - at);
            if (!_pieces.TryRead(records.Offset + at, window, out var bytes))
            {
                break;
            }

            int inside = 0;
            while (number < end && TryStep(bytes[inside..], out int step))
            {
                if (at + inside >= next)
                {
                    list.Add(new SkipEntry(number, (uint)(at + inside)));
                    next = at + inside + PieceBytes;
                }

                inside += step;
                number++;
            }

            if (inside == 0)
            {
                break; // no whole record is left, or one without a kind
            }

            at += inside;
        }

        if (number < end)
        {
            faults.Add(stream.FaultAt(MalformedReason.Truncated, records.Offset + at), what);
        }

        _list = [.. list];
        if (_list.Length > 0)
        {
            records = records with { Length = at }; // the last piece ends with the last record
            end = number;
        }
    }

    /// <summary>The bytes of the record at the start; false when it is not whole.</summary>
    private static bool TryStep(ReadOnlySpan<byte> bytes, out int step)
    {
        step = bytes.Length < SmallestRecord ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes) + 2;
        return step >= SmallestRecord && step <= bytes.Length;
    }

    private struct KeptPiece
    {
        public int Piece;
        public int Count;
        public uint[]? Offsets;
    }

    private readonly record struct SkipEntry(uint Number, uint Offset);
}
