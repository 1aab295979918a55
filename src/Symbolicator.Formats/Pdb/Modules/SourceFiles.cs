using System.Runtime.InteropServices;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Paths of source files, shared by all modules.</summary>
internal sealed class SourceFiles(PdbFile pdb, InternPool names) : IDisposable
{
    private const long TextFloor = 16 << 20;
    private const int Reuse = 16;

    private readonly PdbStringTable _strings = pdb.OpenStrings();
    private readonly Dictionary<uint, FileRef> _paths = [];

    /// <summary>Many offsets may point into one long text.</summary>
    private long _textLeft = TextFloor + (Reuse * pdb.OpenNamedStream("/names").Length);

    /// <summary>The file of an entry, none when its path is not in the file; false for an offset without an entry.</summary>
    public bool TryGet(FileChecksums list, uint offset, out FileRef file)
    {
        file = default;
        if (!list.TryGetPath(offset, out uint path))
        {
            return false;
        }

        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_paths, path, out bool exists);
        if (!exists && _strings.TryGet(path, out var text))
        {
            known = Of(text);
        }

        file = known;
        return true;
    }

    /// <summary>A file by its path.</summary>
    public FileRef Of(ReadOnlySpan<byte> path)
    {
        _textLeft -= path.Length;
        return _textLeft < 0 ? default : names.InternFile(new FilePath(default, default, names.Intern(path)));
    }

    public void Dispose() => _strings.Dispose();
}
