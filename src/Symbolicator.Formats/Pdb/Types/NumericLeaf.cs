using System.Buffers.Binary;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// Sizes and values inside of type records: two bytes below 0x8000, else two bytes that say how the value that
/// follows is stored.
/// </summary>
internal static class NumericLeaf
{
    private const ushort FirstKind = 0x8000; // LF_NUMERIC

    /// <summary>
    /// The bytes that a value takes and the value itself, which is 0 where it is no integer (such values are skipped
    /// for the name behind them). False for kinds that are not defined and where the record ends.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out int length, out ulong value)
    {
        length = 0;
        value = 0;
        if (data.Length < 2)
        {
            return false;
        }

        ushort kind = BinaryPrimitives.ReadUInt16LittleEndian(data);
        var rest = data[2..];
        if (kind < FirstKind)
        {
            length = 2;
            value = kind;
            return true;
        }

        int size = kind switch
        {
            0x8000 => 1, // LF_CHAR
            0x8001 or 0x8002 or 0x801c => 2, // LF_SHORT, LF_USHORT, LF_REAL16
            0x8003 or 0x8004 or 0x8005 => 4, // LF_LONG, LF_ULONG, LF_REAL32
            0x8006 or 0x8009 or 0x800a or 0x800c or 0x801a => 8, // LF_REAL64, LF_(U)QUADWORD, LF_COMPLEX32, LF_DATE
            0x8007 => 10, // LF_REAL80
            0x8008 or 0x800d or 0x8017 or 0x8018 or 0x8019 => 16, // LF_REAL128, LF_COMPLEX64, LF_(U)OCTWORD, LF_DECIMAL
            0x800b => 6, // LF_REAL48
            0x800e => 20, // LF_COMPLEX80
            0x800f => 32, // LF_COMPLEX128
            0x8010 => rest.Length < 2 ? -1 : 2 + BinaryPrimitives.ReadUInt16LittleEndian(rest), // LF_VARSTRING
            0x801b => rest.IndexOf((byte)0) + 1 is var end and > 0 ? end : -1, // LF_UTF8STRING
            _ => -1,
        };
        if (size < 0 || size > rest.Length)
        {
            return false;
        }

        length = 2 + size;
        value = kind switch
        {
            0x8000 => rest[0],
            0x8001 or 0x8002 => BinaryPrimitives.ReadUInt16LittleEndian(rest),
            0x8003 or 0x8004 => BinaryPrimitives.ReadUInt32LittleEndian(rest),
            0x8009 or 0x800a => BinaryPrimitives.ReadUInt64LittleEndian(rest),
            _ => 0,
        };
        return true;
    }
}
