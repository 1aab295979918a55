using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Frames;
using Symbolicator.Formats.Pdb.Modules;
using Symbolicator.Formats.Sources;

namespace Symbolicator.Formats.Pdb;

/// <summary>One PDB. Addresses in it are RVAs of its image.</summary>
public sealed class PdbObject : IObjectFile
{
    private readonly FileBytes _file;
    private readonly PdbFile _pdb;
    private int _disposed;

    private PdbObject(FileBytes file, PdbFile pdb, DbiHeader dbi)
    {
        _file = file;
        _pdb = pdb;
        Arch = PdbMachine.ArchOf(dbi.Machine);
        ImageSize = pdb.Addresses.ImageEnd;
        Shortcoming = pdb.Info.IsMinimal ? ObjectShortcoming.DebugInfoInObjectFiles
            : dbi.IsStripped ? ObjectShortcoming.PrivateSymbolsRemoved : ObjectShortcoming.None;
        Features = FindFeatures(dbi);
        IsMalformed = !Faults.IsEmpty;
    }

    public FileFormat Format => FileFormat.Pdb;

    public ObjectKind Kind => ObjectKind.Debug;

    public Arch Arch { get; }

    /// <summary>Always null: the code id is of the image alone.</summary>
    public CodeId? CodeId => null;

    public DebugId? DebugId => _pdb.DebugId;

    /// <summary>Always null: a PDB does not name itself.</summary>
    public string? Name => null;

    /// <summary>Always 0: addresses in the file are relative.</summary>
    public ulong ImageBase => 0;

    public ulong ImageSize { get; }

    public ObjectFeatures Features { get; }

    public ObjectShortcoming Shortcoming { get; }

    public bool IsMalformed { get; }

    public FaultLog Faults => _pdb.Faults;

    public IReadOnlyList<ObjectLink> Links => [];

    /// <exception cref="MalformedFileException">
    /// The container or the identity cannot be read, or there is nothing to symbolicate with: no usable DBI stream, as in
    /// the type servers that compilers write.
    /// </exception>
    internal static PdbObject Open(FileBytes file, ParseLimits limits)
    {
        file = file.Retain();
        try
        {
            var pdb = PdbFile.Open(file, limits, new FaultLog());
            return new PdbObject(file, pdb, pdb.Dbi ?? throw WithoutDbi(pdb));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public ISymbolCursor OpenSymbols(InternPool names)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return new PdbPublicsCursor(_pdb, names);
    }

    public IDebugSession? OpenDebugSession(InternPool names)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return (Features & ObjectFeatures.DebugInfo) != 0 ? new PdbDebugSession(_pdb, names) : null;
    }

    public IUnwindTable? OpenUnwindTable()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return PdbFrameTable.Open(_pdb);
    }

    /// <summary>Where a source server has the sources; null when the file does not say. Parsed with each call.</summary>
    public SourceServerIndex? ReadSourceServer()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return PdbSources.ReadSourceServer(_pdb);
    }

    /// <summary>URLs of the sources; null when the file has none. Parsed with each call.</summary>
    public SourceLinkMap? ReadSourceLink()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return PdbSources.ReadSourceLink(_pdb);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _file.Dispose();
        }
    }

    private static MalformedFileException WithoutDbi(PdbFile pdb)
    {
        var faults = pdb.Faults.First;
        return faults.Count > 0
            ? new MalformedFileException(FileFormat.Pdb, faults[^1].Fault, faults[^1].What)
            : new MalformedFileException(FileFormat.Pdb, new ParseFault(MalformedReason.Unsupported, 0), "holds types alone, no symbols");
    }

    private ObjectFeatures FindFeatures(DbiHeader dbi)
    {
        var features = ObjectFeatures.None;
        if (_pdb.Msf.LengthOf(dbi.SymbolRecordStream) > 0)
        {
            features |= ObjectFeatures.Symbols;
        }

        if (HasDebugInfo())
        {
            features |= ObjectFeatures.DebugInfo;
        }

        if (!_pdb.OpenImageStream(PdbImageStream.Fpo).IsEmpty || !_pdb.OpenImageStream(PdbImageStream.NewFpo).IsEmpty)
        {
            features |= ObjectFeatures.UnwindInfo;
        }

        if (PdbSources.Exist(_pdb))
        {
            features |= ObjectFeatures.Sources;
        }

        return features;
    }

    /// <summary>
    /// Any module with lines; symbols alone count unless the file is known to have lost its private ones: what remains
    /// then are the names of compilers and object files.
    /// </summary>
    private bool HasDebugInfo()
    {
        const uint SignatureBytes = 4;
        bool symbolsCount = Shortcoming == ObjectShortcoming.None;
        using var stream = _pdb.OpenDbi();
        var modules = _pdb.OpenModules(stream);
        while (modules.TryReadNext(out var module))
        {
            if (module.Stream >= 0
                && (module.C13Bytes > 0 || module.C11Bytes > 0 || (symbolsCount && module.SymbolBytes > SignatureBytes)))
            {
                return true;
            }
        }

        return false;
    }
}
