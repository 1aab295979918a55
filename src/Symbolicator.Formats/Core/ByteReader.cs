using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Core;

/// <summary>
/// Forward cursor over untrusted bytes. The first failed read records a <see cref="ParseFault"/>, moves to the end,
/// and every later read returns zero: parse a record straight through, then look at <see cref="Fault"/> once.
/// Loops on <see cref="AtEnd"/> therefore always terminate.
/// </summary>
public ref partial struct ByteReader
{
    private readonly ReadOnlySpan<byte> _data;
    private readonly long _origin;
    private readonly bool _bigEndian;
    private int _position;
    private ParseFault _fault;

    /// <param name="data">The window to read.</param>
    /// <param name="bigEndian">Byte order of multi-byte integers.</param>
    /// <param name="origin">Offset of the window in the file, added to the offset of faults.</param>
    public ByteReader(ReadOnlySpan<byte> data, bool bigEndian = false, long origin = 0)
    {
        _data = data;
        _bigEndian = bigEndian;
        _origin = origin;
    }

    /// <summary>Bytes from the start of the window.</summary>
    public readonly int Position => _position;

    public readonly int Remaining => _data.Length - _position;

    public readonly bool AtEnd => _position >= _data.Length;

    public readonly bool BigEndian => _bigEndian;

    /// <summary>Offset in the file of the next byte.</summary>
    public readonly long FileOffset => _origin + _position;

    /// <summary>The first failure, or none.</summary>
    public readonly ParseFault Fault => _fault;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte ReadU8()
    {
        if ((uint)_position < (uint)_data.Length)
        {
            return _data[_position++];
        }

        Truncated();
        return 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ushort ReadU16()
    {
        var bytes = Take(sizeof(ushort));
        if (bytes.IsEmpty)
        {
            return 0;
        }

        return _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    /// <summary>Three bytes (DW_FORM_strx3, DW_FORM_addrx3).</summary>
    public uint ReadU24()
    {
        var bytes = Take(3);
        if (bytes.IsEmpty)
        {
            return 0;
        }

        return _bigEndian
            ? ((uint)bytes[0] << 16) | ((uint)bytes[1] << 8) | bytes[2]
            : ((uint)bytes[2] << 16) | ((uint)bytes[1] << 8) | bytes[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint ReadU32()
    {
        var bytes = Take(sizeof(uint));
        if (bytes.IsEmpty)
        {
            return 0;
        }

        return _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadU64()
    {
        var bytes = Take(sizeof(ulong));
        if (bytes.IsEmpty)
        {
            return 0;
        }

        return _bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public sbyte ReadS8() => unchecked((sbyte)ReadU8());

    public short ReadS16() => unchecked((short)ReadU16());

    public int ReadS32() => unchecked((int)ReadU32());

    public long ReadS64() => unchecked((long)ReadU64());

    /// <summary>Eight bytes when <paramref name="is64"/>, else four, zero-extended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadWord(bool is64) => is64 ? ReadU64() : ReadU32();

    /// <summary>An unsigned integer of 1, 2, 3, 4 or 8 bytes; any other size is a fault.</summary>
    public ulong ReadUnsigned(int size)
    {
        switch (size)
        {
            case 1: return ReadU8();
            case 2: return ReadU16();
            case 3: return ReadU24();
            case 4: return ReadU32();
            case 8: return ReadU64();
            default:
                Fail(MalformedReason.BadValue);
                return 0;
        }
    }

    /// <summary>
    /// A 32-bit count of elements that follow; a fault and zero when it is over <paramref name="limit"/> or when not
    /// even <paramref name="elementSize"/> bytes for each are left. Safe to allocate by.
    /// </summary>
    public int ReadCount(int elementSize, int limit)
    {
        long at = FileOffset;
        return CheckCount(ReadU32(), elementSize, limit, at);
    }

    /// <summary>As <see cref="ReadCount"/>, for a count that was read elsewhere.</summary>
    public int CheckCount(ulong count, int elementSize, int limit) => CheckCount(count, elementSize, limit, FileOffset);

    /// <summary>The next bytes as they are; empty after a fault.</summary>
    public ReadOnlySpan<byte> ReadBytes(ulong length)
    {
        if (length > (ulong)Remaining)
        {
            Truncated();
            return default;
        }

        var bytes = _data.Slice(_position, (int)length);
        _position += (int)length;
        return bytes;
    }

    /// <summary>Bytes up to a NUL, which is consumed and not returned. A missing NUL is a fault.</summary>
    public ReadOnlySpan<byte> ReadCString()
    {
        var rest = _data[_position..];
        int end = rest.IndexOf((byte)0);
        if (end < 0)
        {
            Truncated();
            return default;
        }

        _position += end + 1;
        return rest[..end];
    }

    /// <summary>As <see cref="ReadCString()"/>; a longer text is a fault, found without looking further.</summary>
    public ReadOnlySpan<byte> ReadCString(int longest)
    {
        int end = _data.Slice(_position, Math.Min(longest + 1, Remaining)).IndexOf((byte)0);
        if (end < 0)
        {
            Fail(Remaining > longest ? MalformedReason.SizeOverLimit : MalformedReason.Truncated);
            return default;
        }

        return ReadCString();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(ulong length)
    {
        if (length > (ulong)Remaining)
        {
            Truncated();
            return;
        }

        _position += (int)length;
    }

    /// <summary>Moves to a position in the window, forwards or backwards; outside of it is a fault.</summary>
    public void Seek(ulong position)
    {
        if (!_fault.IsNone)
        {
            return;
        }

        if (position > (ulong)_data.Length)
        {
            Fail(MalformedReason.OutOfRange);
            return;
        }

        _position = (int)position;
    }

    /// <summary>Skips to the next multiple of a power of two, counted from the start of the window.</summary>
    public void AlignTo(int alignment)
    {
        int over = _position & (alignment - 1);
        if (over != 0)
        {
            Skip((ulong)Math.Min(alignment - over, Remaining));
        }
    }

    /// <summary>Records a semantic fault at the current position and moves to the end.</summary>
    public void Fail(MalformedReason reason) => Fail(reason, FileOffset);

    public readonly void ThrowIfFaulted(FileFormat format, string? detail = null)
    {
        if (!_fault.IsNone)
        {
            throw new MalformedFileException(format, _fault, detail);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> Take(int size)
    {
        // Unsigned compare of a difference: position never exceeds the length, so nothing wraps.
        if ((uint)size <= (uint)(_data.Length - _position))
        {
            var bytes = _data.Slice(_position, size);
            _position += size;
            return bytes;
        }

        Truncated();
        return default;
    }

    private int CheckCount(ulong count, int elementSize, int limit, long at)
    {
        if (!_fault.IsNone)
        {
            return 0;
        }

        if (count > (ulong)limit)
        {
            Fail(MalformedReason.CountOverLimit, at);
            return 0;
        }

        if ((long)count * elementSize > Remaining)
        {
            Fail(MalformedReason.Truncated, at);
            return 0;
        }

        return (int)count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Truncated() => Fail(MalformedReason.Truncated, FileOffset);

    private void Fail(MalformedReason reason, long at)
    {
        if (_fault.IsNone)
        {
            _fault = new ParseFault(reason, at);
        }

        _position = _data.Length;
    }
}
