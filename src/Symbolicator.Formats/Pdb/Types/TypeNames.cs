using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb.Types;

/// <summary>
/// Writes types as C++ spells them: <c>char const* (&amp;)[4]</c>, <c>bool (*)(void*, ...)</c>. What stands before a
/// declarator and what stands behind it are written one after the other. Each name has a budget of records and bytes
/// and a depth, so that cycles end. Not thread-safe.
/// </summary>
internal sealed partial class TypeNames(TypeStream types, TypeText text, ParseLimits limits)
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
                return TryAppendArguments(record.U32(16), record.U16(14)) && TryAppendSelf(self) && Reason == MalformedReason.None;
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
