namespace Symbolicator.Formats.Pdb.Types;

/// <summary>Types that have no record: their number states what they are (below 0x1000).</summary>
internal static class SimpleTypes
{
    public const uint End = 0x1000;

    /// <summary>Ends an argument list: more may follow. Elsewhere "no type".</summary>
    public const uint None = 0; // T_NOTYPE

    public const uint Void = 3; // T_VOID
    private const uint NullPointer = 0x103; // T_PVOID: 16-bit pointers are gone, and compilers reuse the number

    public static bool IsPointer(uint type) => (type & 0x700) != 0 && type != NullPointer;

    /// <summary>The spelling without pointer; empty for what is not defined.</summary>
    public static ReadOnlySpan<byte> NameOf(uint type) => type == NullPointer ? "std::nullptr_t"u8 : (type & 0xff) switch
    {
        0x03 => "void"u8, // T_VOID
        0x08 => "HRESULT"u8, // T_HRESULT
        0x10 or 0x68 => "signed char"u8, // T_CHAR, T_INT1
        0x11 or 0x72 => "short"u8, // T_SHORT, T_INT2
        0x12 => "long"u8, // T_LONG
        0x13 or 0x76 => "__int64"u8, // T_QUAD, T_INT8
        0x14 or 0x78 => "__int128"u8, // T_OCT, T_INT16
        0x20 or 0x69 => "unsigned char"u8, // T_UCHAR, T_UINT1
        0x21 or 0x73 => "unsigned short"u8, // T_USHORT, T_UINT2
        0x22 => "unsigned long"u8, // T_ULONG
        0x23 or 0x77 => "unsigned __int64"u8, // T_UQUAD, T_UINT8
        0x24 or 0x79 => "unsigned __int128"u8, // T_UOCT, T_UINT16
        0x30 => "bool"u8, // T_BOOL08
        0x31 => "__bool16"u8, // T_BOOL16
        0x32 => "__bool32"u8, // T_BOOL32
        0x33 => "__bool64"u8, // T_BOOL64
        0x40 or 0x45 => "float"u8, // T_REAL32, T_REAL32PP
        0x41 => "double"u8, // T_REAL64
        0x42 => "long double"u8, // T_REAL80
        0x43 => "__float128"u8, // T_REAL128
        0x46 => "_Float16"u8, // T_REAL16
        0x50 => "_Complex float"u8, // T_CPLX32
        0x51 => "_Complex double"u8, // T_CPLX64
        0x52 => "_Complex long double"u8, // T_CPLX80
        0x70 => "char"u8, // T_RCHAR
        0x71 => "wchar_t"u8, // T_WCHAR
        0x74 => "int"u8, // T_INT4
        0x75 => "unsigned int"u8, // T_UINT4
        0x7a => "char16_t"u8, // T_CHAR16
        0x7b => "char32_t"u8, // T_CHAR32
        0x7c => "char8_t"u8, // T_CHAR8
        _ => default,
    };

    /// <summary>Bytes of a value; 0 when there is no telling.</summary>
    public static uint SizeOf(uint type) => ((type >> 8) & 7) switch
    {
        0 => (type & 0xff) switch
        {
            0x10 or 0x20 or 0x30 or 0x68 or 0x69 or 0x70 or 0x7c => 1,
            0x11 or 0x21 or 0x31 or 0x46 or 0x71 or 0x72 or 0x73 or 0x7a => 2,
            0x08 or 0x12 or 0x22 or 0x32 or 0x40 or 0x45 or 0x74 or 0x75 or 0x7b => 4,
            0x13 or 0x23 or 0x33 or 0x41 or 0x50 or 0x76 or 0x77 => 8,
            0x14 or 0x24 or 0x43 or 0x51 or 0x78 or 0x79 => 16,
            _ => 0,
        },
        4 => 4, // near 32-bit pointer
        6 => 8, // 64-bit pointer
        _ => 0,
    };
}
