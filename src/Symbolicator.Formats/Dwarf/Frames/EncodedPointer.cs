using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>Pointer encodings of .eh_frame (LSB Core §10.5, DW_EH_PE).</summary>
internal static class EncodedPointer
{
    public const byte Absolute = 0x00; // DW_EH_PE_absptr
    public const byte Omitted = 0xff; // DW_EH_PE_omit

    private const byte FormatMask = 0x0f;
    private const byte ApplicationMask = 0x70;
    private const byte Indirect = 0x80; // DW_EH_PE_indirect

    /// <summary>
    /// Reads a pointer. An indirect one is a fault unless <paramref name="skip"/>: it lies in data that only a running
    /// process has.
    /// </summary>
    /// <param name="reader">At the pointer.</param>
    /// <param name="encoding">DW_EH_PE.</param>
    /// <param name="bases">Bases of relative pointers.</param>
    /// <param name="at">Address of the pointer itself.</param>
    /// <param name="skip">Only the size is of interest.</param>
    public static ulong Read(ref ByteReader reader, byte encoding, in PointerBases bases, ulong at, bool skip = false)
    {
        if (encoding == Omitted)
        {
            return 0;
        }

        int application = encoding & ApplicationMask;
        if (application == 0x50) // DW_EH_PE_aligned
        {
            ulong over = at % (ulong)bases.AddressSize;
            reader.Skip(over == 0 ? 0 : (ulong)bases.AddressSize - over);
            return reader.ReadUnsigned(bases.AddressSize);
        }

        ulong value = ReadValue(ref reader, encoding, bases.AddressSize);
        ulong start = application switch
        {
            0x00 => 0,
            0x10 => at, // DW_EH_PE_pcrel
            0x20 => bases.Text, // DW_EH_PE_textrel
            0x30 => bases.Data, // DW_EH_PE_datarel
            0x40 => bases.Function, // DW_EH_PE_funcrel
            _ => Unknown(ref reader),
        };
        if ((encoding & Indirect) != 0 && !skip)
        {
            reader.Fail(MalformedReason.Unsupported);
        }

        // Relative pointers wrap around at the size of an address.
        ulong sum = unchecked(start + value);
        return bases.AddressSize == 8 ? sum : sum & uint.MaxValue;
    }

    /// <summary>Reads the value alone: sizes are stored in the format of the pointer, relative to nothing.</summary>
    public static ulong ReadValue(ref ByteReader reader, byte encoding, int addressSize)
    {
        switch (encoding & FormatMask)
        {
            case 0x00: // DW_EH_PE_absptr
            case 0x08: // DW_EH_PE_signed
                return reader.ReadUnsigned(addressSize);
            case 0x01: return reader.ReadUleb128(); // DW_EH_PE_uleb128
            case 0x02: return reader.ReadU16(); // DW_EH_PE_udata2
            case 0x03: return reader.ReadU32(); // DW_EH_PE_udata4
            case 0x04: return reader.ReadU64(); // DW_EH_PE_udata8
            case 0x09: return unchecked((ulong)reader.ReadSleb128()); // DW_EH_PE_sleb128
            case 0x0a: return unchecked((ulong)reader.ReadS16()); // DW_EH_PE_sdata2
            case 0x0b: return unchecked((ulong)reader.ReadS32()); // DW_EH_PE_sdata4
            case 0x0c: return reader.ReadU64(); // DW_EH_PE_sdata8
            default: return Unknown(ref reader);
        }
    }

    private static ulong Unknown(ref ByteReader reader)
    {
        reader.Fail(MalformedReason.UnknownForm);
        return 0;
    }
}

/// <summary>What pointers can be relative to.</summary>
internal readonly record struct PointerBases(int AddressSize, ulong Text, ulong Data, ulong Function);
