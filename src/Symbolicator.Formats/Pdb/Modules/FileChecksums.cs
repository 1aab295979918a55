using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// The source files of one module (DEBUG_S_FILECHKSMS): line information names them by the offset of their entry in this
/// list. Offsets between entries name no file.
/// </summary>
internal sealed class FileChecksums
{
    private const int EntryBytes = 6;

    private readonly List<uint> _offsets = [];
    private readonly List<uint> _paths = [];

    public int Count => _offsets.Count;

    public void Clear()
    {
        _offsets.Clear();
        _paths.Clear();
    }

    /// <summary>Reads the list; of several only the first one counts.</summary>
    public void Read(MsfReader stream, ByteRange content, ParseLimits limits, FaultLog faults)
    {
        if (_offsets.Count > 0)
        {
            return;
        }

        for (long at = content.Offset; content.End - at >= EntryBytes;)
        {
            if (_offsets.Count == limits.LineFiles || !stream.TryRead(at, EntryBytes, out var entry))
            {
                faults.Add(stream.FaultAt(MalformedReason.CountOverLimit, at), "source files");
                return;
            }

            _offsets.Add((uint)(at - content.Offset));
            _paths.Add(BinaryPrimitives.ReadUInt32LittleEndian(entry));
            at += (EntryBytes + entry[4] + 3L) & ~3L;
        }
    }

    /// <summary>Where the path of an entry is in <c>/names</c>; false for an offset without an entry.</summary>
    public bool TryGetPath(uint offset, out uint path)
    {
        int index = CollectionsMarshal.AsSpan(_offsets).BinarySearch(offset);
        path = index < 0 ? 0 : _paths[index];
        return index >= 0;
    }
}
