using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>
/// Which bytes of a section came from one section of an object file: what lies there belongs together. Streams the table,
/// which is in order of addresses, along with questions in the same order. Not thread-safe.
/// </summary>
internal sealed class PdbContributions
{
    private const int VersionBytes = 4;
    private const uint Version60 = 0xeffe_0000 + 19970605; // DBISCImpvV60
    private const uint Version2 = 0xeffe_0000 + 20140516; // DBISCImpv2
    private const int EntryBytes60 = 28;
    private const int EntryBytes2 = 32;
    private const int OffsetAt = 4;
    private const int SizeAt = 8;

    private readonly MsfStream _dbi;
    private readonly long _end;
    private readonly int _entryBytes;
    private long _next;
    private Entry _current;

    /// <summary>Tables older than Visual C++ 6 say nothing.</summary>
    public PdbContributions(MsfStream dbi, ByteRange table)
    {
        _dbi = dbi;
        _next = table.Offset + VersionBytes;
        Span<byte> version = stackalloc byte[VersionBytes];
        if (table.Length >= VersionBytes && dbi.TryRead(table.Offset, version))
        {
            _entryBytes = BinaryPrimitives.ReadUInt32LittleEndian(version) switch
            {
                Version60 => EntryBytes60,
                Version2 => EntryBytes2,
                _ => 0,
            };
        }

        _end = _entryBytes == 0 ? 0 : table.End;
    }

    /// <summary>
    /// The offset in the section where the contribution around an address ends; false when there is none. Addresses do
    /// not descend from call to call.
    /// </summary>
    public bool TryFindEnd(ushort section, uint offset, out uint end)
    {
        ulong address = Address(section, offset);
        while (_current.End <= address && TryAdvance())
        {
            // Contributions before the address.
        }

        end = unchecked((uint)_current.End);
        return address >= _current.Start && address < _current.End;
    }

    /// <summary>False at the end of the table or where its order breaks.</summary>
    private bool TryAdvance()
    {
        Span<byte> entry = stackalloc byte[SizeAt + sizeof(uint)];
        if (_entryBytes == 0 || _entryBytes > _end - _next || !_dbi.TryRead(_next, entry))
        {
            _next = _end;
            return false;
        }

        ushort section = BinaryPrimitives.ReadUInt16LittleEndian(entry);
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[OffsetAt..]);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(entry[SizeAt..]);
        ulong start = Address(section, offset);
        if (start < _current.Start || size > uint.MaxValue - offset)
        {
            _next = _end;
            return false;
        }

        _next += _entryBytes;
        _current = new Entry(start, start + size);
        return true;
    }

    private static ulong Address(ushort section, uint offset) => ((ulong)section << 32) | offset;

    private readonly record struct Entry(ulong Start, ulong End);
}
