using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Where the functions that a module inlines begin in their sources (DEBUG_S_INLINEELINES), by item index.</summary>
internal sealed class InlineeLines
{
    private const uint WithExtraFiles = 1; // CV_INLINEE_SOURCE_LINE_SIGNATURE_EX
    private const int EntryBytes = 12;

    private readonly List<Entry> _entries = [];
    private bool _isSorted = true;

    public int Count => _entries.Count;

    public void Clear()
    {
        _entries.Clear();
        _isSorted = true;
    }

    public void Read(MsfReader stream, ByteRange content, ParseLimits limits, FaultLog faults)
    {
        if (content.Length < 4 || !stream.TryReadU32(content.Offset, out uint signature) || signature > WithExtraFiles)
        {
            faults.Add(stream.FaultAt(MalformedReason.BadValue, content.Offset), "inlinee lines");
            return;
        }

        for (long at = content.Offset + 4; content.End - at >= EntryBytes;)
        {
            if (_entries.Count == limits.LineRows || !stream.TryRead(at, EntryBytes, out var bytes))
            {
                faults.Add(stream.FaultAt(MalformedReason.CountOverLimit, at), "inlinee lines");
                break;
            }

            var entry = new Entry(
                BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                _entries.Count,
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
            _entries.Add(entry);
            at += EntryBytes;
            if (signature == WithExtraFiles)
            {
                // Files besides the first say nothing about lines.
                at += stream.TryReadU32(at, out uint extra) ? 4 + (4L * extra) : 4;
            }
        }

        _isSorted = false;
    }

    /// <summary>File (as line information names files) and line of a function; the first of several entries holds.</summary>
    public bool TryGet(uint inlinee, out uint file, out uint line)
    {
        if (!_isSorted)
        {
            _entries.Sort();
            _isSorted = true;
        }

        int index = _entries.BinarySearch(new Entry(inlinee, -1, 0, 0));
        index = index < 0 ? ~index : index;
        bool found = index < _entries.Count && _entries[index].Inlinee == inlinee;
        (file, line) = found ? (_entries[index].File, _entries[index].Line) : (0u, 0u);
        return found;
    }

    private readonly record struct Entry(uint Inlinee, int Order, uint File, uint Line) : IComparable<Entry>
    {
        public int CompareTo(Entry other)
        {
            int byInlinee = Inlinee.CompareTo(other.Inlinee);
            return byInlinee != 0 ? byInlinee : Order.CompareTo(other.Order);
        }
    }
}
