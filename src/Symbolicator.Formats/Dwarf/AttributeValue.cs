using System.Runtime.CompilerServices;

namespace Symbolicator.Formats.Dwarf;

/// <summary>How the number of an <see cref="AttributeValue"/> is to be understood.</summary>
internal enum ValueKind : byte
{
    None,

    /// <summary>A target address.</summary>
    Address,

    /// <summary>Index into the unit's part of <c>.debug_addr</c>.</summary>
    AddressIndex,

    /// <summary>As <see cref="AddressIndex"/> in the low 32 bits; the high ones are added to the address.</summary>
    AddressIndexAndOffset,

    /// <summary>A number; section offsets in DWARF 2 and 3 look the same.</summary>
    Unsigned,

    Signed,

    /// <summary>Position in the window being read of a text that ends with NUL.</summary>
    TextAt,

    /// <summary>Offset in <c>.debug_str</c>.</summary>
    TextOffset,

    /// <summary>Offset in <c>.debug_line_str</c>.</summary>
    LineTextOffset,

    /// <summary>Index into the unit's part of <c>.debug_str_offsets</c>.</summary>
    TextIndex,

    /// <summary>Offset in the section that the attribute implies.</summary>
    SectionOffset,

    /// <summary>Offset of an entry from the start of its unit.</summary>
    UnitReference,

    /// <summary>Offset of an entry in <c>.debug_info</c>.</summary>
    InfoReference,

    /// <summary>Signature of a type unit.</summary>
    Signature,

    /// <summary>Index into the unit's part of <c>.debug_rnglists</c>.</summary>
    RangeListIndex,

    /// <summary>Read past: a block, a flag, or something in a supplementary file.</summary>
    Other,
}

/// <summary>The value of one attribute as it stands in the entry, before any base is applied.</summary>
internal readonly record struct AttributeValue(ValueKind Kind, ulong Number)
{
    public bool IsPresent => Kind != ValueKind.None;

    /// <summary>The number of a constant or section offset; false for anything else and for negative constants.</summary>
    public bool TryGetConstant(out ulong value)
    {
        value = Number;
        return Kind is ValueKind.Unsigned or ValueKind.SectionOffset
            || (Kind == ValueKind.Signed && unchecked((long)Number) >= 0);
    }
}

/// <summary>Where an attribute's value goes in <see cref="EntryAttributes"/>.</summary>
internal enum Slot : byte
{
    Name,
    LinkageName,
    LowPc,
    HighPc,
    Ranges,
    AbstractOrigin,
    Specification,
    CallFile,
    CallLine,

    // Only of unit entries, which have none of those above but the name and the low pc.
    CompDir = HighPc,
    Language = Ranges,
    LanguageName = AbstractOrigin,
    StmtList = Specification,
    StrOffsetsBase = CallFile,
    AddrBase = CallLine,
    RngListsBase = LinkageName,

    /// <summary>Not kept.</summary>
    Skipped = 0xff,
}

/// <summary>The kept attributes of one entry.</summary>
[InlineArray(Length)]
internal struct EntryAttributes
{
    public const int Length = 9;

    private AttributeValue _first;

    public AttributeValue this[Slot slot]
    {
        readonly get => this[(int)slot];
        set => this[(int)slot] = value;
    }
}
