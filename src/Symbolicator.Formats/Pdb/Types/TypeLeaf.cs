namespace Symbolicator.Formats.Pdb.Types;

/// <summary>Kinds of the records of type and item streams that names are made of.</summary>
internal static class TypeLeaf
{
    public const ushort Modifier = 0x1001; // LF_MODIFIER
    public const ushort Pointer = 0x1002; // LF_POINTER
    public const ushort Procedure = 0x1008; // LF_PROCEDURE
    public const ushort MemberFunction = 0x1009; // LF_MFUNCTION
    public const ushort ArgumentList = 0x1201; // LF_ARGLIST
    public const ushort BitField = 0x1205; // LF_BITFIELD
    public const ushort Array = 0x1503; // LF_ARRAY
    public const ushort Class = 0x1504; // LF_CLASS
    public const ushort Structure = 0x1505; // LF_STRUCTURE
    public const ushort Union = 0x1506; // LF_UNION
    public const ushort Enum = 0x1507; // LF_ENUM
    public const ushort Alias = 0x150a; // LF_ALIAS
    public const ushort Interface = 0x1519; // LF_INTERFACE

    // Visual C++ up to 7.0: the same with names that state their length instead of ending in a NUL.
    public const ushort CountedArray = 0x1003; // LF_ARRAY_ST
    public const ushort CountedClass = 0x1004; // LF_CLASS_ST
    public const ushort CountedStructure = 0x1005; // LF_STRUCTURE_ST
    public const ushort CountedUnion = 0x1006; // LF_UNION_ST
    public const ushort CountedEnum = 0x1007; // LF_ENUM_ST
    public const ushort CountedAlias = 0x100a; // LF_ALIAS_ST

    public const ushort Function = 0x1601; // LF_FUNC_ID
    public const ushort Method = 0x1602; // LF_MFUNC_ID
    public const ushort TextList = 0x1604; // LF_SUBSTR_LIST
    public const ushort Text = 0x1605; // LF_STRING_ID
}
