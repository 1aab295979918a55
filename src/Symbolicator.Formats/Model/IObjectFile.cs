using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Model;

/// <summary>
/// One object (image or debug file) of a file. Holds a lease of the bytes until disposed. Properties come from the
/// headers; sessions read on demand. Safe to read from several threads; each session belongs to one.
/// All addresses of sessions are relative to <see cref="ImageBase"/>.
/// </summary>
public interface IObjectFile : IDisposable
{
    FileFormat Format { get; }

    ObjectKind Kind { get; }

    Arch Arch { get; }

    CodeId? CodeId { get; }

    DebugId? DebugId { get; }

    /// <summary>
    /// Name that the file gives itself (SONAME, module name) or its debug file (path of the PDB, in PE), null when it has none.
    /// </summary>
    string? Name { get; }

    /// <summary>Preferred load address; 0 for formats whose addresses are relative already.</summary>
    ulong ImageBase { get; }

    /// <summary>Bytes from <see cref="ImageBase"/> to the end of the last loaded segment, 0 when unknown.</summary>
    ulong ImageSize { get; }

    ObjectFeatures Features { get; }

    /// <summary>Why there is less in the file than usual, although nothing is wrong with it.</summary>
    ObjectShortcoming Shortcoming => ObjectShortcoming.None;

    /// <summary>True when tables had to be cut short; what was read before still holds.</summary>
    bool IsMalformed { get; }

    /// <summary>Everything that was skipped so far, also by the sessions.</summary>
    FaultLog Faults { get; }

    /// <summary>Other files that this one refers to.</summary>
    IReadOnlyList<ObjectLink> Links { get; }

    /// <summary>Symbols of code, in no particular order, possibly several at an address.</summary>
    ISymbolCursor OpenSymbols(InternPool names);

    /// <summary>Null when there is no debug information.</summary>
    /// <exception cref="MalformedFileException">Its sections cannot be decompressed or are unusable as a whole.</exception>
    IDebugSession? OpenDebugSession(InternPool names);

    /// <summary>Null when there is no unwind information. The table is valid until this object is disposed.</summary>
    IUnwindTable? OpenUnwindTable();

    /// <summary>Null when the file holds no machine code, as debug files do not. Valid until this object is disposed.</summary>
    ICodeView? OpenCode() => null;
}

/// <summary>Streams symbols. Not thread-safe.</summary>
public interface ISymbolCursor
{
    /// <summary>False at the end.</summary>
    bool TryReadNext(out PublicSymbol symbol);
}

/// <summary>Streams functions in file order. Not thread-safe; one session per build.</summary>
public interface IDebugSession : IDisposable
{
    /// <summary>
    /// Refills <paramref name="into"/>; false at the end. A damaged function or unit is skipped and logged in
    /// <see cref="IObjectFile.Faults"/>, it does not end the stream.
    /// </summary>
    bool TryReadNext(FunctionBuffer into);
}
