using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>A public symbol: where it is and where its record starts in the stream of symbol records.</summary>
internal readonly record struct PdbPublic(ushort Section, uint Offset, uint Record) : IComparable<PdbPublic>
{
    /// <summary>By address. At one address the first record comes last: see <see cref="PdbPublicsCursor"/>.</summary>
    public int CompareTo(PdbPublic other)
    {
        int order = Section.CompareTo(other.Section);
        order = order != 0 ? order : Offset.CompareTo(other.Offset);
        return order != 0 ? order : other.Record.CompareTo(Record);
    }
}

/// <summary>
/// Finds the public symbols of code. The publics stream lists them by address; the stream of records itself may hold some
/// that an incremental link has removed since, and is searched only when there is no list.
/// </summary>
internal sealed class PdbPublics(PdbFile pdb, MsfReader records)
{
    /// <summary>Bytes of a record before the name: length, kind, flags, offset, section.</summary>
    public const int NameAt = 14;

    private const ushort Public = 0x110e; // S_PUB32
    private const ushort PublicPascal = 0x1009; // S_PUB32_ST
    private const uint CodeFlags = 3; // CV_PUBSYMFLAGS fCode | fFunction
    private const uint IntermediateFlag = 8; // fMSIL
    private const int HeaderBytes = 28; // PSGSIHDR
    private const int MapBytesAt = 4;
    private const int SmallestRecord = 16;

    /// <summary>All of them, sorted.</summary>
    public PdbPublic[] Find()
    {
        var found = new List<PdbPublic>();
        using var publics = new MsfReader(pdb.Msf.Open(pdb.Dbi is { PublicsStream: not PdbStreams.None } dbi ? dbi.PublicsStream : -1));
        if (publics.TryReadU32(0, out uint hashBytes) && publics.TryReadU32(MapBytesAt, out uint mapBytes) && mapBytes >= 4)
        {
            ReadMap(publics, HeaderBytes + (long)hashBytes, mapBytes / 4, found);
        }
        else
        {
            Scan(found);
        }

        var sorted = found.ToArray();
        Array.Sort(sorted);
        return sorted;
    }

    /// <summary>True when the name at <see cref="NameAt"/> starts with its length instead of ending with a NUL.</summary>
    public static bool HasPascalName(ushort kind) => kind == PublicPascal;

    private void ReadMap(MsfReader publics, long start, uint count, List<PdbPublic> found)
    {
        // A sound list names each record once.
        if (count > records.Length / SmallestRecord)
        {
            pdb.Faults.Add(publics.FaultAt(MalformedReason.CountOverLimit, MapBytesAt), "public symbols");
            count = (uint)(records.Length / SmallestRecord);
        }

        for (uint i = 0; i < count; i++)
        {
            if (!publics.TryReadU32(start + (i * 4L), out uint record))
            {
                pdb.Faults.Add(publics.FaultAt(MalformedReason.Truncated, start + (i * 4L)), "public symbols");
                return;
            }

            if (!TryReadHead(record, out var head))
            {
                pdb.Faults.Add(records.FaultAt(MalformedReason.OutOfRange, record), "public symbol");
            }
            else if (!TryAdd(head, record, found))
            {
                return;
            }
        }
    }

    private void Scan(List<PdbPublic> found)
    {
        const int LengthBytes = 2;
        for (long at = 0; records.TryReadU16(at, out ushort length);)
        {
            if (length < 2)
            {
                pdb.Faults.Add(records.FaultAt(MalformedReason.BadValue, at), "symbol records");
                return;
            }

            if (TryReadHead((uint)at, out var head) && !TryAdd(head, (uint)at, found))
            {
                return;
            }

            at += LengthBytes + length;
        }
    }

    /// <summary>False when the record is not a public symbol.</summary>
    private bool TryReadHead(uint record, out Head head)
    {
        head = default;
        if (!records.TryRead(record, NameAt, out var bytes))
        {
            return false;
        }

        ushort length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        ushort kind = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        head = new Head(
            kind == Public ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) : 0,
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]));
        return kind is Public or PublicPascal && length > NameAt - 2;
    }

    /// <summary>False when the limit is reached.</summary>
    private bool TryAdd(in Head head, uint record, List<PdbPublic> found)
    {
        bool isCode = (head.Flags & CodeFlags) != 0 || pdb.Addresses.IsCode(head.Section);
        if (!isCode || (head.Flags & IntermediateFlag) != 0)
        {
            return true;
        }

        if (found.Count == pdb.Limits.Symbols)
        {
            pdb.Faults.Add(records.FaultAt(MalformedReason.CountOverLimit, record), "public symbols");
            return false;
        }

        found.Add(new PdbPublic(head.Section, head.Offset, record));
        return true;
    }

    private readonly record struct Head(uint Flags, uint Offset, ushort Section);
}
