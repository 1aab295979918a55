using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>What stands before and behind a declarator.</summary>
internal sealed partial class TypeNames
{
    /// <param name="type">The type.</param>
    /// <param name="qualifiers">Of modifiers that were met on the way.</param>
    /// <param name="isDeclared">A pointer, reference or array follows, so that qualifiers stand behind.</param>
    private bool TryBefore(uint type, ushort qualifiers, bool isDeclared)
    {
        if (++_depth > limits.TypeDepth)
        {
            return Fail(MalformedReason.DepthOverLimit);
        }

        bool written = type < SimpleTypes.End ? TrySimple(type, qualifiers, isDeclared) : TryRecord(type, qualifiers, isDeclared);
        _depth--;
        return written && (!text.IsCut || Fail(MalformedReason.SizeOverLimit));
    }

    private bool TrySimple(uint type, ushort qualifiers, bool isDeclared)
    {
        var name = SimpleTypes.NameOf(type);
        if (name.IsEmpty)
        {
            return Fail(MalformedReason.BadValue);
        }

        if (SimpleTypes.IsPointer(type))
        {
            text.Append(name);
            text.Append("*"u8);
            AppendQualifiers(qualifiers, before: false);
        }
        else
        {
            AppendQualifiers(isDeclared ? (ushort)0 : qualifiers, before: true);
            text.Append(name);
            AppendQualifiers(isDeclared ? qualifiers : (ushort)0, before: false);
        }

        return true;
    }

    private bool TryRecord(uint type, ushort qualifiers, bool isDeclared)
    {
        if (!TryGet(type, out var record))
        {
            return false;
        }

        switch (record.Kind)
        {
            case TypeLeaf.Modifier:
                return TryBefore(record.U32(0), (ushort)(qualifiers | (record.U16(4) & (Constant | Volatile | Unaligned))), isDeclared);
            case TypeLeaf.Pointer:
                return TryPointer(new PointerShape(record), qualifiers);
            case TypeLeaf.Array or TypeLeaf.CountedArray:
                return TryBefore(record.U32(0), qualifiers, isDeclared: true);
            case TypeLeaf.Procedure or TypeLeaf.MemberFunction:
                return TryBefore(record.U32(0), 0, isDeclared: false);
            case TypeLeaf.BitField:
                return TryBefore(record.U32(0), qualifiers, isDeclared);
            default:
                if (!NamedType.TryRead(record, out var name, out _))
                {
                    return Fail(MalformedReason.Unsupported);
                }

                AppendQualifiers(isDeclared ? (ushort)0 : qualifiers, before: true);
                RecordedName.AppendTo(text, name);
                AppendQualifiers(isDeclared ? qualifiers : (ushort)0, before: false);
                return true;
        }
    }

    private bool TryPointer(PointerShape pointer, ushort qualifiers)
    {
        int opened = _opened;
        if (!TryBefore(pointer.Target, 0, isDeclared: true))
        {
            return false;
        }

        if (NeedsParentheses(pointer.Target))
        {
            text.Append(_opened++ == opened ? " ("u8 : "("u8); // as int (*(*)())() is spelled
        }
        else
        {
            text.Append(pointer.Class != 0 ? " "u8 : default);
        }

        if (pointer.Class != 0)
        {
            if (!TryBefore(pointer.Class, 0, isDeclared: true))
            {
                return false;
            }

            text.Append("::"u8);
        }

        text.Append(pointer.Sign);
        qualifiers |= (ushort)((pointer.IsConstant ? Constant : 0) | (pointer.IsVolatile ? Volatile : 0)
            | (pointer.IsUnaligned ? Unaligned : 0) | (pointer.IsRestricted ? Restricted : 0));
        AppendQualifiers(qualifiers, before: false);
        return true;
    }

    private bool TryAfter(uint type)
    {
        while (type >= SimpleTypes.End)
        {
            if (!TryGet(type, out var record))
            {
                return false;
            }

            switch (record.Kind)
            {
                case TypeLeaf.Modifier:
                    type = record.U32(0);
                    break;
                case TypeLeaf.Pointer:
                    type = record.U32(0);
                    text.Append(NeedsParentheses(type) ? ")"u8 : default);
                    break;
                case TypeLeaf.Array or TypeLeaf.CountedArray:
                    type = record.U32(0);
                    AppendDimension(record);
                    break;
                case TypeLeaf.Procedure or TypeLeaf.MemberFunction:
                    uint result = record.U32(0);
                    if (++_depth > limits.TypeDepth)
                    {
                        return Fail(MalformedReason.DepthOverLimit);
                    }

                    if (!TryAppendSignature(type))
                    {
                        return false;
                    }

                    _depth--;
                    type = result;
                    break;
                default:
                    return true;
            }
        }

        return true;
    }

    private void AppendDimension(in TypeRecord array)
    {
        uint element = array.U32(0);
        _ = NumericLeaf.TryRead(array.Data[Math.Min(8, array.Data.Length)..], out _, out ulong bytes);
        ulong size = SizeOf(element);
        text.Append("["u8);
        if (size > 0 && bytes > 0 && bytes % size == 0)
        {
            text.Append(bytes / size);
        }

        text.Append("]"u8);
    }

    /// <summary>Bytes of a value; 0 when the record does not say, as in forward declarations.</summary>
    private ulong SizeOf(uint type)
    {
        while (type >= SimpleTypes.End && TryGet(type, out var record))
        {
            switch (record.Kind)
            {
                case TypeLeaf.Modifier or TypeLeaf.Alias or TypeLeaf.CountedAlias:
                    type = record.U32(0);
                    break;
                case TypeLeaf.Enum or TypeLeaf.CountedEnum:
                    type = record.U32(4);
                    break;
                case TypeLeaf.Pointer:
                    return new PointerShape(record).Size;
                case TypeLeaf.Array or TypeLeaf.CountedArray:
                    _ = NumericLeaf.TryRead(record.Data[Math.Min(8, record.Data.Length)..], out _, out ulong bytes);
                    return bytes;
                default:
                    return NamedType.TryRead(record, out _, out ulong size) ? size : 0;
            }
        }

        return type < SimpleTypes.End ? SimpleTypes.SizeOf(type) : 0;
    }

    private bool NeedsParentheses(uint target) =>
        KindOf(target, out _) is TypeLeaf.Procedure or TypeLeaf.MemberFunction or TypeLeaf.Array or TypeLeaf.CountedArray;

    private void AppendQualifiers(ushort qualifiers, bool before)
    {
        if (qualifiers != 0)
        {
            AppendWord((qualifiers & Constant) != 0, "const"u8, before);
            AppendWord((qualifiers & Volatile) != 0, "volatile"u8, before);
            AppendWord((qualifiers & Unaligned) != 0, "__unaligned"u8, before);
            AppendWord((qualifiers & Restricted) != 0, "__restrict"u8, before);
        }
    }

    private void AppendWord(bool applies, ReadOnlySpan<byte> word, bool before)
    {
        if (applies)
        {
            text.Append(before ? default : " "u8);
            text.Append(word);
            text.Append(before ? " "u8 : default);
        }
    }
}
