namespace Symbolicator.Formats.Pdb.Types;

/// <summary>Records of types that have a name: classes, unions, enumerations, aliases.</summary>
internal static class NamedType
{
    /// <summary>False for other records, and where the record ends before the name.</summary>
    /// <param name="record">The record.</param>
    /// <param name="name">The name, qualified.</param>
    /// <param name="size">Bytes of a value; 0 for forward declarations and where the record does not say.</param>
    public static bool TryRead(in TypeRecord record, out ReadOnlySpan<byte> name, out ulong size)
    {
        name = default;
        size = 0;
        switch (record.Kind)
        {
            case TypeLeaf.Class or TypeLeaf.Structure or TypeLeaf.Interface:
                return TrySized(record, 16, isCounted: false, out name, out size);
            case TypeLeaf.CountedClass or TypeLeaf.CountedStructure:
                return TrySized(record, 16, isCounted: true, out name, out size);
            case TypeLeaf.Union:
                return TrySized(record, 8, isCounted: false, out name, out size);
            case TypeLeaf.CountedUnion:
                return TrySized(record, 8, isCounted: true, out name, out size);
            case TypeLeaf.Enum:
                name = record.Text(12);
                break;
            case TypeLeaf.CountedEnum:
                name = record.CountedText(12);
                break;
            case TypeLeaf.Alias:
                name = record.Text(4);
                break;
            case TypeLeaf.CountedAlias:
                name = record.CountedText(4);
                break;
        }

        return !name.IsEmpty;
    }

    private static bool TrySized(in TypeRecord record, int sizeAt, bool isCounted, out ReadOnlySpan<byte> name, out ulong size)
    {
        name = default;
        size = 0;
        if (record.Data.Length <= sizeAt || !NumericLeaf.TryRead(record.Data[sizeAt..], out int length, out size))
        {
            return false;
        }

        name = isCounted ? record.CountedText(sizeAt + length) : record.Text(sizeAt + length);
        return !name.IsEmpty;
    }
}
