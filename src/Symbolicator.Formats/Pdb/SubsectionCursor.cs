using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>Streams the subsections of a module, line information (C13) and what it shares with others: kind, length, content, padding to four bytes.</summary>
internal struct SubsectionCursor(MsfReader stream, ByteRange area)
{
    private const int HeaderBytes = 8;

    private long _next = area.Offset;

    /// <summary>The next subsection that is not to be ignored; false at the end or when its size is damaged.</summary>
    public bool TryReadNext(out uint kind, out ByteRange content)
    {
        kind = 0;
        content = default;
        while (area.End - _next >= HeaderBytes
            && stream.TryReadU32(_next, out kind) && stream.TryReadU32(_next + 4, out uint length))
        {
            long start = _next + HeaderBytes;
            _next = start + ((length + 3L) & ~3L);
            content = new ByteRange(start, Math.Min(length, area.End - start));
            if ((kind & SubsectionKind.Ignore) == 0)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Kinds of subsections of a module (C13).</summary>
internal static class SubsectionKind
{
    public const uint Lines = 0xf2; // DEBUG_S_LINES
    public const uint FileChecksums = 0xf4; // DEBUG_S_FILECHKSMS
    public const uint InlineeLines = 0xf6; // DEBUG_S_INLINEELINES
    public const uint Imports = 0xf7; // DEBUG_S_CROSSSCOPEIMPORTS
    public const uint Exports = 0xf8; // DEBUG_S_CROSSSCOPEEXPORTS

    /// <summary>Set in the kind of a subsection that readers leave out.</summary>
    public const uint Ignore = 0x8000_0000; // DEBUG_S_IGNORE
}
