using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>Streams the modules of the DBI stream. Not thread-safe.</summary>
internal sealed class PdbModuleList(MsfReader dbi, ByteRange modules, ParseLimits limits, FaultLog faults)
{
    private const int FixedBytes = 64;
    private const int StreamAt = 34;
    private const int SymbolBytesAt = 36;
    private const int C11BytesAt = 40;
    private const int C13BytesAt = 44;

    private long _at = modules.Offset;
    private int _index;

    /// <summary>False at the end or where the list is damaged, which is logged.</summary>
    public bool TryReadNext(out PdbModule module)
    {
        module = default;
        if (modules.End - _at < FixedBytes)
        {
            return false;
        }

        long start = _at;
        _at = modules.End;
        if (!dbi.TryReadU16(start + StreamAt, out ushort stream)
            || !dbi.TryReadU32(start + SymbolBytesAt, out uint symbols)
            || !dbi.TryReadU32(start + C11BytesAt, out uint c11)
            || !dbi.TryReadU32(start + C13BytesAt, out uint c13)
            || !TrySkipNames(start + FixedBytes, out long end))
        {
            faults.Add(dbi.FaultAt(MalformedReason.Truncated, start), "module");
            return false;
        }

        module = new PdbModule(_index++, stream == PdbStreams.None ? -1 : stream, symbols, c11, c13, start + FixedBytes);
        _at = end;
        return true;
    }

    /// <summary>Name and object file, then padding to four bytes.</summary>
    private bool TrySkipNames(long at, out long end)
    {
        end = 0;
        for (int i = 0; i < 2; i++)
        {
            if (!dbi.TryReadCString(at, limits.StringBytes, out var name) || (at += name.Length + 1) > modules.End)
            {
                return false;
            }
        }

        end = (at + 3) & ~3L;
        return true;
    }
}
