using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// The source files of a module: line information names them by the offset of their entry in the list of checksums
/// (DEBUG_S_FILECHKSMS). Offsets between entries name no file. Paths are shared by all modules.
/// </summary>
internal sealed class SourceFiles(PdbFile pdb, InternPool names) : IDisposable
{
    private const int EntryBytes = 6;
    private const long TextFloor = 16 << 20;
    private const int Reuse = 16;

    private readonly PdbStringTable _strings = pdb.OpenStrings();
    private readonly Dictionary<uint, FileRef> _paths = [];
    private readonly List<uint> _offsets = [];
    private readonly List<uint> _pathOffsets = [];

    /// <summary>Many offsets may point into one long text.</summary>
    private long _textLeft = TextFloor + (Reuse * pdb.OpenNamedStream("/names").Length);

    public void Clear()
    {
        _offsets.Clear();
        _pathOffsets.Clear();
    }

    /// <summary>Reads the list; of several only the first one counts.</summary>
    public void Read(MsfReader stream, ByteRange content)
    {
        if (_offsets.Count > 0)
        {
            return;
        }

        for (long at = content.Offset; content.End - at >= EntryBytes;)
        {
            if (_offsets.Count == pdb.Limits.LineFiles || !stream.TryRead(at, EntryBytes, out var entry))
            {
                pdb.Faults.Add(stream.FaultAt(MalformedReason.CountOverLimit, at), "source files");
                return;
            }

            _offsets.Add((uint)(at - content.Offset));
            _pathOffsets.Add(BinaryPrimitives.ReadUInt32LittleEndian(entry));
            at += (EntryBytes + entry[4] + 3L) & ~3L;
        }
    }

    /// <summary>The file of an entry, none when its path is not in the file; false for an offset without an entry.</summary>
    public bool TryGet(uint offset, out FileRef file)
    {
        file = default;
        int index = CollectionsMarshal.AsSpan(_offsets).BinarySearch(offset);
        if (index < 0)
        {
            return false;
        }

        file = PathAt(_pathOffsets[index]);
        return true;
    }

    /// <summary>A file by its path as bytes (C11).</summary>
    public FileRef Of(ReadOnlySpan<byte> path)
    {
        _textLeft -= path.Length;
        return _textLeft < 0 ? default : names.InternFile(new FilePath(default, default, names.Intern(path)));
    }

    public void Dispose() => _strings.Dispose();

    private FileRef PathAt(uint offset)
    {
        ref var file = ref CollectionsMarshal.GetValueRefOrAddDefault(_paths, offset, out bool known);
        if (!known && _strings.TryGet(offset, out var path))
        {
            file = Of(path);
        }

        return file;
    }
}
