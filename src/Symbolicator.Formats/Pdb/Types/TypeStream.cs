using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// The type stream (TPI) or the item stream (IPI): records numbered without gaps, reached by number. Neither the
/// stream nor the position of each record is held. Empty when the file has none. Not thread-safe.
/// </summary>
internal sealed class TypeStream : IDisposable
{
    private const int FixedHeaderBytes = 56;
    private const uint Version = 20040203; // impv80: the same since Visual C++ 8
    private const uint OldestVersion = 19990903; // impv70: 32-bit indexes, no other difference that matters here
    private const uint SmallestFirst = 0x1000; // numbers below stand for simple types
    private const int HashStreamAt = 20;
    private const int SkipListAt = 40;

    private const int BytesPerWork = 64;

    private readonly MsfReader _stream;
    private readonly TypeOffsets _offsets;
    private long _bytes;

    private TypeStream(MsfReader stream, TypeOffsets offsets)
    {
        _stream = stream;
        _offsets = offsets;
    }

    public bool IsEmpty => _offsets.Count == 0;

    /// <summary>Records passed so far on the way to others, and what long ones cost.</summary>
    public long Work => _offsets.Work + (_bytes / BytesPerWork);

    /// <summary>An empty stream, with a fault, when the header cannot be believed.</summary>
    public static TypeStream Open(MsfFile msf, int number, FaultLog faults, string what)
    {
        var stream = new MsfReader(msf.Open(number));
        if (stream.Length == 0)
        {
            return Empty(stream);
        }

        if (!stream.TryRead(0, FixedHeaderBytes, out var header))
        {
            faults.Add(stream.FaultAt(MalformedReason.Truncated, 0), what);
            return Empty(stream);
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header);
        uint headerBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        uint end = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        ushort hashStream = BinaryPrimitives.ReadUInt16LittleEndian(header[HashStreamAt..]);
        uint listOffset = BinaryPrimitives.ReadUInt32LittleEndian(header[SkipListAt..]);
        uint listBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[(SkipListAt + 4)..]);
        if (version is < OldestVersion or > Version)
        {
            faults.Add(stream.FaultAt(MalformedReason.BadVersion, 0), what);
            return Empty(stream);
        }

        if (headerBytes < FixedHeaderBytes || headerBytes > stream.Length || first < SmallestFirst || end < first)
        {
            faults.Add(stream.FaultAt(MalformedReason.BadValue, 4), what);
            return Empty(stream);
        }

        var records = new ByteRange(headerBytes, Math.Min(bytes, stream.Length - headerBytes));
        var offsets = new TypeOffsets(stream, records, first, end, faults, what);
        if (hashStream != PdbStreams.None)
        {
            using var hashes = new MsfReader(msf.Open(hashStream));
            offsets.ReadSkipList(hashes, listOffset, listBytes);
        }

        return new TypeStream(stream, offsets);
    }

    /// <summary>False for a number that the stream does not have or whose record is damaged.</summary>
    public bool TryGet(uint number, out TypeRecord record)
    {
        record = default;
        if (!_offsets.TryFind(number, out long at) || !_stream.TryReadU16(at, out ushort length)
            || length < 2 || !_stream.TryRead(at + 2, length, out var bytes))
        {
            return false;
        }

        _bytes += length;
        record = new TypeRecord(BinaryPrimitives.ReadUInt16LittleEndian(bytes), bytes[2..], at + 4);
        return true;
    }

    /// <summary>A field of a record that was read before.</summary>
    public bool TryReadU32(long position, out uint value) => _stream.TryReadU32(position, out value);

    /// <summary>Where a record lies, as offset of the file.</summary>
    public ParseFault FaultAt(uint number, MalformedReason reason) =>
        _stream.FaultAt(reason, _offsets.TryFind(number, out long at) ? at : 0);

    public void Dispose()
    {
        _offsets.Dispose();
        _stream.Dispose();
    }

    private static TypeStream Empty(MsfReader stream) => new(stream, new TypeOffsets(stream, default, SmallestFirst, SmallestFirst, new FaultLog(), ""));
}
