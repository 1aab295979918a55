namespace Symbolicator.Formats.Pdb.Types;

/// <summary>A pointer record (LF_POINTER): two numbers, the second one of bits.</summary>
internal readonly struct PointerShape(in TypeRecord record)
{
    private const uint NearPointer32 = 0x0a; // CV_PTR_NEAR32
    private const uint Pointer64 = 0x0c; // CV_PTR_64
    private const uint LeftReference = 1; // CV_PTR_MODE_LVREF
    private const uint DataMember = 2; // CV_PTR_MODE_PMEM
    private const uint FunctionMember = 3; // CV_PTR_MODE_PMFUNC
    private const uint RightReference = 4; // CV_PTR_MODE_RVREF

    private readonly uint _attributes = record.U32(4);

    /// <summary>Type of what is pointed to.</summary>
    public uint Target { get; } = record.U32(0);

    /// <summary>Class of a member pointer; 0 for others.</summary>
    public uint Class { get; } = ((record.U32(4) >> 5) & 7) is DataMember or FunctionMember ? record.U32(8) : 0;

    public bool IsVolatile => (_attributes & (1 << 9)) != 0;

    public bool IsConstant => (_attributes & (1 << 10)) != 0;

    public bool IsUnaligned => (_attributes & (1 << 11)) != 0;

    public bool IsRestricted => (_attributes & (1 << 12)) != 0;

    /// <summary>As <c>this</c> of a method: declared with <c>&amp;</c>.</summary>
    public bool IsLeftThis => (_attributes & (1 << 20)) != 0;

    /// <summary>As <c>this</c> of a method: declared with <c>&amp;&amp;</c>.</summary>
    public bool IsRightThis => (_attributes & (1 << 21)) != 0;

    public ReadOnlySpan<byte> Sign => Mode switch
    {
        LeftReference => "&"u8,
        RightReference => "&&"u8,
        _ => "*"u8,
    };

    /// <summary>Bytes of the pointer; 0 when the record does not say.</summary>
    public uint Size => ((_attributes >> 13) & 0x3f) is var stated and > 0 ? stated : (_attributes & 0x1f) switch
    {
        NearPointer32 => 4,
        Pointer64 => 8,
        _ => 0,
    };

    private uint Mode => (_attributes >> 5) & 7;
}
