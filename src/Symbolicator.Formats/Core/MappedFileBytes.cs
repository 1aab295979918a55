using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Symbolicator.Formats.Core;

/// <summary>
/// A read-only mapping of a file of ours. The file must not shrink while it is mapped (a fault in the mapping ends
/// the process), so only files published by rename and never rewritten may be opened here.
/// The one place in the solution that holds a raw pointer.
/// </summary>
public sealed class MappedFileBytes : FileBytes
{
    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly unsafe byte* _start;

    private unsafe MappedFileBytes(SafeFileHandle handle, long length)
    {
        Length = length;
        if (length == 0)
        {
            handle.Dispose();
            return;
        }

        _mapping = MemoryMappedFile.CreateFromFile(
            handle, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _mapping.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);

        // The acquired pointer keeps the handle alive past garbage collection: an undisposed mapping leaks, it never dangles.
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        _start = pointer + _view.PointerOffset;
    }

    public override long Length { get; }

    /// <exception cref="IOException">The file cannot be opened or mapped.</exception>
    public static MappedFileBytes Open(string path)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        return Open(handle);
    }

    /// <summary>Maps an open file and takes over its handle.</summary>
    public static MappedFileBytes Open(SafeFileHandle handle)
    {
        try
        {
            return new MappedFileBytes(handle, RandomAccess.GetLength(handle));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    protected override unsafe ReadOnlySpan<byte> View(long offset, int length) => new(_start + offset, length);

    protected override void Release()
    {
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _mapping?.Dispose();
    }
}
