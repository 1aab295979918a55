using System.Text;
using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Dwarf.Frames;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pe.Unwind;

namespace Symbolicator.Formats.Pe;

/// <summary>
/// One PE image, or what <c>objcopy --only-keep-debug</c> left of one. Its name is that of the PDB that it names, or of
/// the debug companion.
/// </summary>
public sealed class PeObject : IObjectFile
{
    private readonly FileBytes _file;
    private readonly ParseLimits _limits;
    private readonly PeImage _image;
    private readonly CoffSymbols _coff;
    private readonly PeExports _exports;
    private readonly PeDwarf _dwarf;
    private readonly PeDebugDirectory _debug;

    // A view of the image, with no more than an index of its own.
    private readonly IUnwindTable? _functionTable;
    private int _disposed;

    private PeObject(FileBytes file, ParseLimits limits)
    {
        _file = file;
        _limits = limits;
        _image = PeImage.Open(file, limits, Faults);
        _coff = new CoffSymbols(_image, limits, Faults);
        _exports = new PeExports(_image, limits, Faults);
        _dwarf = new PeDwarf(_image, limits);
        _debug = PeDebugDirectory.Read(_image, limits, Faults);
        _functionTable = PeUnwind.Open(_image, limits, Faults);
        IsMalformed = _image.IsMalformed || _coff.IsCut || _exports.IsCut;
        Arch = PeArch.Of(_image.Machine);
        CodeId = Model.CodeId.FromPe(_image.Header.Timestamp, _image.Optional.ImageSize);
        Kind = FindKind();
        Name = _debug.PdbPath ?? DebugLink();
        Features = FindFeatures();
        Shortcoming = _image.Directory(PeDirectory.ClrHeader).IsEmpty ? ObjectShortcoming.None : ObjectShortcoming.ManagedCode;
    }

    public FileFormat Format => FileFormat.Pe;

    public ObjectKind Kind { get; }

    public Arch Arch { get; }

    public CodeId? CodeId { get; }

    public DebugId? DebugId => _debug.DebugId;

    public string? Name { get; }

    public ulong ImageBase => _image.ImageBase;

    public ulong ImageSize => _image.Optional.ImageSize;

    public ObjectFeatures Features { get; }

    public ObjectShortcoming Shortcoming { get; }

    public bool IsMalformed { get; }

    public FaultLog Faults { get; } = new();

    public IReadOnlyList<ObjectLink> Links => [];

    /// <summary>A Portable PDB lies in the image.</summary>
    public bool HasEmbeddedPortablePdb => !_debug.EmbeddedPortablePdb.IsEmpty;

    /// <exception cref="MalformedFileException">The headers are damaged.</exception>
    internal static PeObject Open(FileBytes file, ParseLimits limits)
    {
        file = file.Retain();
        try
        {
            return new PeObject(file, limits);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public ISymbolCursor OpenSymbols(InternPool names) =>
        new PeSymbolCursor(_image, _coff, _exports, _functionTable as IFunctionEnds, names, Faults);

    public IDebugSession? OpenDebugSession(InternPool names)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _dwarf.DebugSections() is { } sections ? new DwarfDebugSession(sections, names, _limits, Faults) : null;
    }

    public IUnwindTable? OpenUnwindTable()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (PeUnwind.HasFunctionTable(_image))
        {
            return _functionTable;
        }

        return _dwarf.FrameSections() is { } sections ? DwarfFrameTable.Open(sections, _limits, Faults) : null;
    }

    public ICodeView? OpenCode()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return IsStub() ? null : _image;
    }

    /// <summary>Inflates the Portable PDB that lies in the image; null when there is none. The caller disposes it.</summary>
    /// <exception cref="MalformedFileException">It does not inflate to the size that it states, or is over the limits.</exception>
    public FileBytes? ReadEmbeddedPortablePdb()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        var record = _debug.EmbeddedPortablePdb;
        if (record.IsEmpty)
        {
            return null;
        }

        var reader = record.ReaderAt(0, bigEndian: false);
        if (reader.ReadU32() != PeConstants.EmbeddedPortablePdbMagic)
        {
            reader.Fail(MalformedReason.BadMagic);
        }

        uint declared = reader.ReadU32();
        reader.ThrowIfFaulted(FileFormat.Pe, "embedded Portable PDB");
        record.Range.TrySlice((ulong)reader.Position, (ulong)reader.Remaining, out var range);
        var fault = BoundedInflater.TryInflate(CompressionKind.Deflate, record with { Range = range }, declared, _limits, out var bytes);
        return fault.IsNone ? bytes : throw new MalformedFileException(FileFormat.Pe, fault, "embedded Portable PDB");
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _dwarf.Dispose();
            _file.Dispose();
        }
    }

    /// <summary>The companion that <c>.gnu_debuglink</c> names: zero-terminated, its checksum behind it; null without one.</summary>
    private string? DebugLink()
    {
        const int LongestName = 255;
        var section = _image.FindBytes(".gnu_debuglink"u8);
        if (!section.TryWindow(0, (ulong)Math.Min(section.Length, LongestName + 1), out var bytes))
        {
            return null;
        }

        int end = bytes.IndexOf((byte)0);
        return end > 0 ? Encoding.UTF8.GetString(bytes[..end]) : null;
    }

    private ObjectKind FindKind()
    {
        if ((_image.Header.Characteristics & PeConstants.CharacteristicLibrary) != 0)
        {
            return ObjectKind.Library;
        }

        return (_image.Header.Characteristics & PeConstants.CharacteristicExecutable) == 0 || IsStub()
            ? ObjectKind.Other
            : ObjectKind.Executable;
    }

    /// <summary>The headers of code are there and its bytes are not: a debug companion.</summary>
    private bool IsStub()
    {
        foreach (ref readonly var section in _image.Sections)
        {
            if (section.IsCode && !section.Mapped.IsEmpty)
            {
                return false;
            }
        }

        return _image.Code.Count > 0;
    }

    private ObjectFeatures FindFeatures()
    {
        var features = _coff.Count > 0 || _exports.Count > 0 ? ObjectFeatures.Symbols : ObjectFeatures.None;
        features |= _dwarf.HasDebugInfo ? ObjectFeatures.DebugInfo : ObjectFeatures.None;
        bool unwinds = PeUnwind.HasFunctionTable(_image) ? _functionTable is not null : _dwarf.HasFrames;
        return features | (unwinds ? ObjectFeatures.UnwindInfo : ObjectFeatures.None);
    }
}
