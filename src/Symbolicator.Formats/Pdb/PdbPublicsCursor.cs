using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>
/// Streams public symbols ascending by the address that the linker gave. Of several at one address, as identical functions
/// that were folded have them, the first of the file comes last: that is the one to prefer. They have no sizes, but none
/// reaches past its contribution, so that it does not name the static functions behind it, or past its section. In a
/// rearranged image the preferred one comes once for each piece of its code.
/// </summary>
internal sealed class PdbPublicsCursor : ISymbolCursor
{
    private readonly PdbFile _pdb;
    private readonly InternPool _names;
    private readonly MsfStream _stream;
    private readonly PdbPublic[] _publics;
    private readonly PdbContributions _contributions;
    private readonly List<AddressRange> _pieces = [];
    private byte[] _text = new byte[512];
    private StringRef _pieceName;
    private int _piece;
    private int _next;
    private long _nameBudget;

    public PdbPublicsCursor(PdbFile pdb, InternPool names)
    {
        _pdb = pdb;
        _names = names;
        _stream = pdb.Msf.Open(pdb.Dbi is { SymbolRecordStream: not PdbStreams.None } dbi ? dbi.SymbolRecordStream : -1);
        using var records = new MsfReader(_stream);
        _publics = new PdbPublics(pdb, records).Find();
        _contributions = new PdbContributions(pdb.Msf.Open(PdbStreams.DebugInfo), pdb.Dbi?.SectionContributions ?? default);

        // A list may name one long record many times; real files stay far below this.
        _nameBudget = (_stream.Length * 16) + (_publics.Length * 256L);
    }

    public bool TryReadNext(out PublicSymbol symbol)
    {
        while (_piece < _pieces.Count || _next < _publics.Length)
        {
            if (_piece < _pieces.Count)
            {
                var piece = _pieces[_piece++];
                symbol = new PublicSymbol(piece.Start, 0, _pieceName, piece.End);
                return true;
            }

            if (TryReadPublic(_next++, out symbol))
            {
                return true;
            }
        }

        symbol = default;
        return false;
    }

    /// <summary>False when there is nothing to return now; pieces may have been added.</summary>
    private bool TryReadPublic(int index, out PublicSymbol symbol)
    {
        var entry = _publics[index];
        symbol = default;
        if (!TryReadName(entry.Record, out var name))
        {
            return false;
        }

        uint end = _contributions.TryFindEnd(entry.Section, entry.Offset, out uint found) ? found : uint.MaxValue;
        if (_pdb.Addresses.IsRearranged && IsLastAtAddress(index, out uint next))
        {
            _pieces.Clear();
            _piece = 0;
            _pieceName = name;
            _pdb.Addresses.AddRanges(entry.Section, entry.Offset, Math.Min(end, next) - entry.Offset, _pieces);
            return false;
        }

        if (!_pdb.Addresses.TryToRva(entry.Section, entry.Offset, out uint rva))
        {
            return false;
        }

        ulong limit = _pdb.Addresses.SectionEnd(rva);
        ulong contribution = (ulong)rva + (end - entry.Offset);
        symbol = new PublicSymbol(rva, 0, name, limit == 0 ? contribution : Math.Min(limit, contribution));
        return true;
    }

    /// <summary>Whether the next public symbol is elsewhere, and where in this section.</summary>
    private bool IsLastAtAddress(int index, out uint next)
    {
        bool hasNext = index + 1 < _publics.Length && _publics[index + 1].Section == _publics[index].Section;
        next = hasNext ? _publics[index + 1].Offset : uint.MaxValue;
        return next > _publics[index].Offset;
    }

    private bool TryReadName(uint record, out StringRef name)
    {
        name = default;
        Span<byte> head = stackalloc byte[4];
        if (!_stream.TryRead(record, head))
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(head) + 2 - PdbPublics.NameAt;
        if (length > _text.Length)
        {
            _text = new byte[length * 2];
        }

        if (length <= 0 || !TryCharge(record, length) || !_stream.TryRead(record + (long)PdbPublics.NameAt, _text.AsSpan(0, length)))
        {
            return false;
        }

        ReadOnlySpan<byte> text = _text.AsSpan(0, length);
        if (PdbPublics.HasPascalName(BinaryPrimitives.ReadUInt16LittleEndian(head[2..])))
        {
            text = text[1..Math.Min(text[0] + 1, length)];
        }
        else if (text.IndexOf((byte)0) is >= 0 and int end)
        {
            text = text[..end];
        }

        name = _names.Intern(text);
        return !name.IsNone;
    }

    private bool TryCharge(uint record, int length)
    {
        _nameBudget -= length;
        if (_nameBudget < 0)
        {
            _pdb.Faults.Add(new ParseFault(MalformedReason.StepsOverLimit, _stream.FileOffsetOf(record)), "names of public symbols");
            _next = _publics.Length;
        }

        return _nameBudget >= 0;
    }
}
