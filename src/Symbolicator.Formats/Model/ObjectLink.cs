namespace Symbolicator.Formats.Model;

/// <summary>How an object file refers to another one that completes it.</summary>
public enum ObjectLinkKind : byte
{
    /// <summary><c>.gnu_debuglink</c>: file name and CRC-32 of the debug file.</summary>
    DebugLink,

    /// <summary><c>.gnu_debugaltlink</c> or <c>.debug_sup</c>: file name and build id of a shared supplement (dwz).</summary>
    Supplementary,

    /// <summary>A split-DWARF unit in a .dwo or .dwp file.</summary>
    SplitDwarf,
}

/// <summary>A file that an object needs to be complete. Readers never open it themselves.</summary>
/// <param name="Kind">The kind of reference.</param>
/// <param name="Name">File name as stored; untrusted, never to be opened as a path.</param>
/// <param name="Crc32">CRC-32 of the whole file (debug link), null otherwise.</param>
/// <param name="Id">Build id in hex (supplement), null otherwise.</param>
public sealed record ObjectLink(ObjectLinkKind Kind, string Name, uint? Crc32, CodeId? Id);
