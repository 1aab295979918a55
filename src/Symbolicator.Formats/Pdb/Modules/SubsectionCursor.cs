using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Streams the subsections of a module's C13 line information: kind, length, content, padding to four bytes.</summary>
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
