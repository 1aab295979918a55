using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// Writes types as C++ spells them: <c>char const* (&amp;)[4]</c>, <c>bool (*)(void*, ...)</c>. What stands before a
/// declarator and what stands behind it are written one after the other. Each name has a budget of records and bytes
/// and a depth, so that cycles end. Not thread-safe.
/// </summary>
internal sealed class TypeNames(TypeStream types, TypeText text, ParseLimits limits)
{
    private const ushort Constant = 1; // CV_modifier_t
    private const ushort Volatile = 2;
    private const ushort Unaligned = 4;
    private const ushort Restricted = 0x100; // pointers alone have it, as an attribute

    private readonly TextCache _texts = new(mostEntries: 64 << 10, mostBytes: 16 << 20);
    private int _depth;
    private int _steps;
    private int _opened;

    /// <summary>Records and parameters that names have taken so far.</summary>
    public long TotalSteps { get; private set; }

    /// <summary>Why the last name was given up.</summary>
    public MalformedReason Reason { get; private set; }

    /// <summary>Starts a new name, and with it a new budget.</summary>
    public void Begin()
    {
        _depth = 0;
        _steps = 0;
        _opened = 0;
        Reason = MalformedReason.None;
    }

    /// <summary>Appends a whole type; false when it cannot be named, with text of no meaning appended.</summary>
    public bool TryAppend(uint type)
    {
        if (type < SimpleTypes.End)
        {
            return TryBefore(type, 0, isDeclared: false);
        }

        if (_texts.TryGet(type, out bool exists, out var known))
        {
            text.Append(known);
            return exists || Fail(MalformedReason.BadValue);
        }

        int start = text.Length;
        if (!TryBefore(type, 0, isDeclared: false))
        {
            if (Reason is not (MalformedReason.StepsOverLimit or MalformedReason.DepthOverLimit or MalformedReason.SizeOverLimit))
            {
                _texts.AddMissing(type); // wherever it stands, while those depend on the rest of the name
            }

            return false;
        }

        if (KindOf(type, out _) is TypeLeaf.Procedure or TypeLeaf.MemberFunction)
        {
            text.Append(" "u8);
        }

        if (!TryAfter(type))
        {
            return false;
        }

        if (text.IsCut)
        {
            return Fail(MalformedReason.SizeOverLimit);
        }

        _texts.Add(type, text.From(start));
        return true;
    }

    /// <summary>Appends parameters and qualifiers of a function: <c>(int, char const*) const</c>.</summary>
    public bool TryAppendSignature(uint function)
    {
        if (!TryGet(function, out var record))
        {
            return false;
        }

        switch (record.Kind)
        {
            case TypeLeaf.Procedure:
                return TryAppendArguments(record.U32(8), record.U16(6));
            case TypeLeaf.MemberFunction:
                uint self = record.U32(8);
                return TryAppendArguments(record.U32(16), record.U16(14)) && TryAppendSelf(self);
            default:
                return Fail(MalformedReason.BadValue);
        }
    }

    /// <param name="list">The argument list.</param>
    /// <param name="stated">How many parameters the function itself states.</param>
    private bool TryAppendArguments(uint list, ushort stated)
    {
        text.Append("("u8);
        if (list != SimpleTypes.None)
        {
            if (!TryGet(list, out var record))
            {
                return false;
            }

            uint count = record.U32(0);
            long at = record.Position + sizeof(uint);
            if (record.Kind != TypeLeaf.ArgumentList || count > (uint)Math.Max(record.Data.Length - sizeof(uint), 0) / sizeof(uint))
            {
                return Fail(MalformedReason.BadValue);
            }

            if (!TryAppendEach(at, count, stated))
            {
                return false;
            }
        }

        text.Append(")"u8);
        return !text.IsCut || Fail(MalformedReason.SizeOverLimit);
    }

    private bool TryAppendEach(long at, uint count, ushort stated)
    {
        for (uint i = 0; i < count; i++)
        {
            if (!TryStep())
            {
                return false;
            }

            if (!types.TryReadU32(at + (i * (long)sizeof(uint)), out uint type))
            {
                return Fail(MalformedReason.Truncated);
            }

            if (count == 1 && (type == SimpleTypes.Void || (type == SimpleTypes.None && stated == 0)))
            {
                return true; // (void), and C's () without a prototype: a list of "more may follow" that does not count
            }

            text.Append(i == 0 ? default : ", "u8);
            if (type == SimpleTypes.None)
            {
                text.Append("..."u8);
            }
            else if (!TryAppend(type))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Qualifiers of a method, which are those of its <c>this</c>.</summary>
    private bool TryAppendSelf(uint self)
    {
        if (self < SimpleTypes.End || !types.TryGet(self, out var pointer) || pointer.Kind != TypeLeaf.Pointer)
        {
            return true;
        }

        var shape = new PointerShape(pointer);
        _ = KindOf(shape.Target, out ushort qualifiers);
        AppendQualifiers(qualifiers, before: false);
        text.Append(shape.IsLeftThis ? " &"u8 : shape.IsRightThis ? " &&"u8 : default);
        return true;
    }

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

    /// <summary>Kind of a type behind its modifiers, and what these say; 0 for simple types.</summary>
    private ushort KindOf(uint type, out ushort qualifiers)
    {
        qualifiers = 0;
        while (type >= SimpleTypes.End && TryGet(type, out var record))
        {
            if (record.Kind != TypeLeaf.Modifier)
            {
                return record.Kind;
            }

            qualifiers |= (ushort)(record.U16(4) & (Constant | Volatile | Unaligned));
            type = record.U32(0);
        }

        return 0;
    }

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

    private bool TryGet(uint type, out TypeRecord record)
    {
        record = default;
        return TryStep() && (types.TryGet(type, out record) || Fail(MalformedReason.OutOfRange));
    }

    private bool TryStep()
    {
        TotalSteps++;
        return ++_steps <= limits.TypeSteps || Fail(MalformedReason.StepsOverLimit);
    }

    /// <summary>Keeps the first reason.</summary>
    private bool Fail(MalformedReason reason)
    {
        Reason = Reason == MalformedReason.None ? reason : Reason;
        return false;
    }
}
