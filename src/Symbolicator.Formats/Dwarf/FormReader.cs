using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>Reads and skips attribute values of every form of DWARF 2 to 5 and the GNU and LLVM extensions.</summary>
internal static class FormReader
{
    /// <summary>DW_FORM_indirect may name itself; producers never nest it.</summary>
    private const int IndirectDepth = 4;

    /// <summary>Bytes of a value of this form, -1 when they depend on the value or the form is unknown.</summary>
    public static int FixedSize(DwForm form, in DwarfEncoding encoding) => form switch
    {
        DwForm.FlagPresent or DwForm.ImplicitConst => 0,
        DwForm.Data1 or DwForm.Flag or DwForm.Ref1 or DwForm.Strx1 or DwForm.Addrx1 => 1,
        DwForm.Data2 or DwForm.Ref2 or DwForm.Strx2 or DwForm.Addrx2 => 2,
        DwForm.Strx3 or DwForm.Addrx3 => 3,
        DwForm.Data4 or DwForm.Ref4 or DwForm.Strx4 or DwForm.Addrx4 or DwForm.RefSup4 => 4,
        DwForm.Data8 or DwForm.Ref8 or DwForm.RefSig8 or DwForm.RefSup8 => 8,
        DwForm.Data16 => 16,
        DwForm.Addr => encoding.AddressSize,
        DwForm.RefAddr => encoding.ReferenceSize,
        DwForm.Strp or DwForm.LineStrp or DwForm.SecOffset or DwForm.StrpSup or DwForm.GnuRefAlt or DwForm.GnuStrpAlt =>
            encoding.OffsetSize,
        _ => -1,
    };

    /// <summary>Least bytes of a value of this form.</summary>
    public static int SmallestSize(DwForm form, in DwarfEncoding encoding) => Math.Abs(FixedSize(form, encoding));

    public static void Skip(ref ByteReader reader, DwForm form, in DwarfEncoding encoding)
    {
        switch (form)
        {
            case DwForm.Udata or DwForm.Sdata or DwForm.RefUdata or DwForm.Strx or DwForm.Addrx or DwForm.Rnglistx
                or DwForm.Loclistx or DwForm.GnuAddrIndex or DwForm.GnuStrIndex:
                reader.SkipLeb128();
                break;
            case DwForm.Exprloc or DwForm.Block:
                reader.Skip(reader.ReadUleb128());
                break;
            case DwForm.Block1:
                reader.Skip(reader.ReadU8());
                break;
            case DwForm.Block2:
                reader.Skip(reader.ReadU16());
                break;
            case DwForm.Block4:
                reader.Skip(reader.ReadU32());
                break;
            case DwForm.String:
                reader.ReadCString();
                break;
            default:
                Read(ref reader, form, 0, encoding);
                break;
        }
    }

    /// <param name="reader">At the value.</param>
    /// <param name="form">As in the abbreviation.</param>
    /// <param name="implicitConst">Value of <see cref="DwForm.ImplicitConst"/>, which stands in the abbreviation.</param>
    /// <param name="encoding">Of the unit.</param>
    public static AttributeValue Read(ref ByteReader reader, DwForm form, long implicitConst, in DwarfEncoding encoding)
    {
        for (int depth = 0; form == DwForm.Indirect; depth++)
        {
            ulong actual = reader.ReadUleb128();
            if (depth == IndirectDepth || actual > ushort.MaxValue || actual == (ulong)DwForm.ImplicitConst)
            {
                reader.Fail(MalformedReason.UnknownForm);
                return default;
            }

            form = (DwForm)actual;
        }

        switch (form)
        {
            case DwForm.Addr: return new(ValueKind.Address, encoding.ReadAddress(ref reader));
            case DwForm.Addrx or DwForm.GnuAddrIndex: return new(ValueKind.AddressIndex, reader.ReadUleb128());
            case DwForm.Addrx1: return new(ValueKind.AddressIndex, reader.ReadU8());
            case DwForm.Addrx2: return new(ValueKind.AddressIndex, reader.ReadU16());
            case DwForm.Addrx3: return new(ValueKind.AddressIndex, reader.ReadU24());
            case DwForm.Addrx4: return new(ValueKind.AddressIndex, reader.ReadU32());
            case DwForm.LlvmAddrxOffset: return ReadIndexAndOffset(ref reader);

            case DwForm.Data1: return new(ValueKind.Unsigned, reader.ReadU8());
            case DwForm.Data2: return new(ValueKind.Unsigned, reader.ReadU16());
            case DwForm.Data4: return new(ValueKind.Unsigned, reader.ReadU32());
            case DwForm.Data8: return new(ValueKind.Unsigned, reader.ReadU64());
            case DwForm.Udata: return new(ValueKind.Unsigned, reader.ReadUleb128());
            case DwForm.Sdata: return new(ValueKind.Signed, unchecked((ulong)reader.ReadSleb128()));
            case DwForm.ImplicitConst: return new(ValueKind.Signed, unchecked((ulong)implicitConst));
            case DwForm.SecOffset: return new(ValueKind.SectionOffset, encoding.ReadOffset(ref reader));
            case DwForm.Rnglistx: return new(ValueKind.RangeListIndex, reader.ReadUleb128());

            case DwForm.String: return ReadText(ref reader);
            case DwForm.Strp: return new(ValueKind.TextOffset, encoding.ReadOffset(ref reader));
            case DwForm.LineStrp: return new(ValueKind.LineTextOffset, encoding.ReadOffset(ref reader));
            case DwForm.Strx or DwForm.GnuStrIndex: return new(ValueKind.TextIndex, reader.ReadUleb128());
            case DwForm.Strx1: return new(ValueKind.TextIndex, reader.ReadU8());
            case DwForm.Strx2: return new(ValueKind.TextIndex, reader.ReadU16());
            case DwForm.Strx3: return new(ValueKind.TextIndex, reader.ReadU24());
            case DwForm.Strx4: return new(ValueKind.TextIndex, reader.ReadU32());

            case DwForm.Ref1: return new(ValueKind.UnitReference, reader.ReadU8());
            case DwForm.Ref2: return new(ValueKind.UnitReference, reader.ReadU16());
            case DwForm.Ref4: return new(ValueKind.UnitReference, reader.ReadU32());
            case DwForm.Ref8: return new(ValueKind.UnitReference, reader.ReadU64());
            case DwForm.RefUdata: return new(ValueKind.UnitReference, reader.ReadUleb128());
            case DwForm.RefAddr: return new(ValueKind.InfoReference, reader.ReadUnsigned(encoding.ReferenceSize));
            case DwForm.RefSig8: return new(ValueKind.Signature, reader.ReadU64());

            case DwForm.Loclistx:
                reader.SkipLeb128();
                return new(ValueKind.Other, 0);
            case DwForm.Block or DwForm.Exprloc or DwForm.Block1 or DwForm.Block2 or DwForm.Block4:
                Skip(ref reader, form, encoding);
                return new(ValueKind.Other, 0);
            default:
                int size = FixedSize(form, encoding);
                if (size < 0)
                {
                    reader.Fail(MalformedReason.UnknownForm);
                    return default;
                }

                reader.Skip((ulong)size); // flags, data16, and what lies in supplementary files
                return new(ValueKind.Other, 0);
        }
    }

    private static AttributeValue ReadText(ref ByteReader reader)
    {
        int at = reader.Position;
        reader.ReadCString();
        return new(ValueKind.TextAt, (ulong)at);
    }

    private static AttributeValue ReadIndexAndOffset(ref ByteReader reader)
    {
        ulong index = reader.ReadUleb128();
        ulong offset = reader.ReadU32();
        return index > uint.MaxValue
            ? new(ValueKind.Other, 0)
            : new(ValueKind.AddressIndexAndOffset, index | (offset << 32));
    }
}
