using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Streams the symbol records of a module. A record of no length ends it: nothing behind it can be found.</summary>
internal sealed class SymbolCursor(MsfReader stream, long end, FaultLog faults)
{
    private const int SignatureBytes = 4;
    private const int LengthBytes = 2;
    private const int KindBytes = 2;

    private long _next = SignatureBytes;

    /// <summary>Offset of the record at hand in the module's stream.</summary>
    public long Offset { get; private set; }

    /// <summary>Reads the next record; its body holds until the next call. False at the end.</summary>
    public bool TryReadNext(out SymbolKind kind, out ReadOnlySpan<byte> body)
    {
        kind = default;
        body = default;
        if (end - _next < LengthBytes + KindBytes)
        {
            return false;
        }

        Offset = _next;
        if (!stream.TryReadU16(_next, out ushort length) || length < KindBytes || length % 2 != 0
            || length > end - _next - LengthBytes
            || !stream.TryRead(_next + LengthBytes, length, out var record))
        {
            faults.Add(stream.FaultAt(MalformedReason.BadValue, _next), "symbol record");
            _next = end;
            return false;
        }

        _next += LengthBytes + length;
        kind = (SymbolKind)BinaryPrimitives.ReadUInt16LittleEndian(record);
        body = record[KindBytes..];
        return true;
    }
}
