using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Archives;

/// <summary>Compression methods of a cabinet's folder ([MS-CAB] §2.2, typeCompress).</summary>
internal enum CabMethod : byte
{
    Stored = 0,
    Mszip = 1,
    Quantum = 2,
    Lzx = 3,
}

/// <summary>A compressed stream in a cabinet (CFFOLDER).</summary>
/// <param name="Data">Offset of its first block in the file.</param>
/// <param name="Blocks">Number of its blocks.</param>
/// <param name="Method">How it is compressed.</param>
/// <param name="WindowLog">Logarithm of the window of LZX.</param>
internal readonly record struct CabFolder(uint Data, int Blocks, CabMethod Method, int WindowLog);

/// <summary>A file in a cabinet (CFFILE). Its name is not read: nothing is ever written by it.</summary>
/// <param name="Folder">Index of the folder that holds it.</param>
/// <param name="Offset">Where it starts in the folder's content.</param>
/// <param name="Size">Its bytes.</param>
internal readonly record struct CabFile(int Folder, uint Offset, uint Size);

/// <summary>
/// A cabinet ([MS-CAB]), as symbol servers have them in place of a file (<c>.pd_</c>, <c>.ex_</c>, <c>.dl_</c>). The counts
/// are held against the bytes of the file before anything is read by them.
/// </summary>
internal sealed class Cabinet
{
    private const int HeaderBytes = 36;
    private const int FolderBytes = 8;
    private const int ShortestFile = 17;
    private const int LongestName = 256;
    private const ushort PreviousCabinet = 1; // cfhdrPREV_CABINET
    private const ushort NextCabinet = 2; // cfhdrNEXT_CABINET
    private const ushort ReservePresent = 4; // cfhdrRESERVE_PRESENT

    private readonly FileBytes _bytes;
    private readonly CabFolder[] _folders;
    private readonly CabFile[] _files;
    private readonly int _blockReserve;

    private Cabinet(FileBytes bytes, CabFolder[] folders, CabFile[] files, int blockReserve)
    {
        _bytes = bytes;
        _folders = folders;
        _files = files;
        _blockReserve = blockReserve;
    }

    public ReadOnlySpan<CabFile> Files => _files;

    /// <summary>Reads the directory; null on failure, with a text that says why and whether the file is merely of another shape.</summary>
    public static Cabinet? TryOpen(FileBytes bytes, out bool unsupported, out string problem)
    {
        unsupported = false;
        problem = "the directory is damaged";
        bytes.TrySlice(new ByteRange(0, Math.Min(bytes.Length, int.MaxValue)), out var start);
        var header = new ByteReader(start);
        header.Skip(8); // signature, reserved1
        uint size = header.ReadU32(); // cbCabinet
        header.Skip(4); // reserved2
        uint firstFile = header.ReadU32(); // coffFiles
        header.Skip(6); // reserved3, version
        int folderCount = header.ReadU16(); // cFolders
        int fileCount = header.ReadU16(); // cFiles
        ushort flags = header.ReadU16();
        header.Skip(4); // setID, iCabinet
        int folderReserve = 0, blockReserve = 0;
        if ((flags & ReservePresent) != 0)
        {
            ushort headerReserve = header.ReadU16(); // cbCFHeader
            folderReserve = header.ReadU8(); // cbCFFolder
            blockReserve = header.ReadU8(); // cbCFData
            header.Skip(headerReserve);
        }

        if (!header.Fault.IsNone || size < HeaderBytes || size > bytes.Length)
        {
            problem = "the cabinet is truncated";
            return null;
        }

        if ((flags & (PreviousCabinet | NextCabinet)) != 0)
        {
            unsupported = true;
            problem = "the cabinet is one of a set";
            return null;
        }

        var folders = ReadFolders(ref header, folderCount, folderReserve);
        var files = ReadFiles(bytes, firstFile, fileCount, folderCount);
        return folders is null || files is null ? null : new Cabinet(bytes, folders, files, blockReserve);
    }

    /// <summary>
    /// The file to use. A symbol server's cabinet has one, taken as it is. Of several it is the first, in the order of the
    /// directory, that starts like an object: a package may carry a text beside it, and names say nothing.
    /// </summary>
    /// <param name="budget">Bytes of work to look for it, see <see cref="CabFolderStream.Work"/>.</param>
    /// <param name="file">The file.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="InvalidDataException">A folder is damaged.</exception>
    public bool TryChoose(long budget, out CabFile file, CancellationToken cancellation)
    {
        file = _files.Length == 1 ? _files[0] : default;
        if (_files.Length <= 1)
        {
            return _files.Length == 1;
        }

        Span<byte> prefix = stackalloc byte[ObjectFormats.PrefixBytes];
        CabFileStream? content = null;
        try
        {
            foreach (var candidate in _files)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!IsReadable(candidate, out _))
                {
                    continue;
                }

                long before = content?.Work ?? 0;
                if (content is null || !content.TryMoveTo(candidate))
                {
                    content?.Dispose();
                    content = Open(candidate, cancellation);
                    before = 0;
                }

                int read = content.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false);
                if (ObjectFormats.Probe(prefix[..read]) != FileFormat.Unknown)
                {
                    file = candidate;
                    return true;
                }

                budget -= content.Work - before;
                if (budget < 0)
                {
                    return false;
                }
            }

            return false;
        }
        finally
        {
            content?.Dispose();
        }
    }

    /// <summary>False when the method of its folder is not read; the text says why.</summary>
    public bool IsReadable(CabFile file, out string problem)
    {
        var folder = _folders[file.Folder];
        problem = folder.Method switch
        {
            CabMethod.Quantum => "Quantum compression",
            CabMethod.Lzx => $"LZX with a window of 2^{folder.WindowLog}",
            _ => $"compression method {(int)folder.Method}",
        };
        return folder.Method is CabMethod.Stored or CabMethod.Mszip
            || (folder.Method == CabMethod.Lzx && folder.WindowLog is >= LzxDecoder.SmallestWindow and <= LzxDecoder.LargestWindow);
    }

    /// <summary>The content of a file that <see cref="IsReadable"/>.</summary>
    public CabFileStream Open(CabFile file, CancellationToken cancellation) =>
        new(new CabFolderStream(_bytes, _folders[file.Folder], _blockReserve), file, cancellation);

    private static CabFolder[]? ReadFolders(ref ByteReader reader, int count, int reserve)
    {
        var folders = new CabFolder[reader.CheckCount((ulong)count, FolderBytes + reserve, ushort.MaxValue)];
        foreach (ref var folder in folders.AsSpan())
        {
            uint data = reader.ReadU32(); // coffCabStart
            int blocks = reader.ReadU16(); // cCFData
            ushort method = reader.ReadU16(); // typeCompress
            folder = new CabFolder(data, blocks, (CabMethod)(method & 0xf), (method >> 8) & 0x1f);
            reader.Skip((ulong)reserve);
        }

        return reader.Fault.IsNone ? folders : null;
    }

    private static CabFile[]? ReadFiles(FileBytes bytes, uint offset, int count, int folders)
    {
        long most = (ShortestFile + LongestName) * (long)count;
        if (offset > bytes.Length || !bytes.TrySlice(new ByteRange(offset, Math.Min(bytes.Length - offset, most)), out var window))
        {
            return null;
        }

        var reader = new ByteReader(window, origin: offset);
        var files = new CabFile[reader.CheckCount((ulong)count, ShortestFile, ushort.MaxValue)];
        foreach (ref var file in files.AsSpan())
        {
            uint size = reader.ReadU32(); // cbFile
            uint start = reader.ReadU32(); // uoffFolderStart
            int folder = reader.ReadU16(); // iFolder
            reader.Skip(6); // date, time, attribs
            reader.ReadCString(LongestName);
            if (folder >= folders)
            {
                return null;
            }

            file = new CabFile(folder, start, size);
        }

        return reader.Fault.IsNone && count > 0 ? files : null;
    }
}
