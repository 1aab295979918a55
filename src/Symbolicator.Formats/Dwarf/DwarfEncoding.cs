using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Dwarf;

/// <summary>What the sizes and addresses of a unit depend on. Address arithmetic of DWARF goes through here.</summary>
/// <param name="Version">2 to 5.</param>
/// <param name="AddressSize">1, 2, 4 or 8 bytes.</param>
/// <param name="Is64">64-bit DWARF: offsets have 8 bytes.</param>
internal readonly record struct DwarfEncoding(ushort Version, byte AddressSize, bool Is64)
{
    public int OffsetSize => Is64 ? 8 : 4;

    /// <summary>Width of DW_FORM_ref_addr: an address in DWARF 2, an offset since.</summary>
    public int ReferenceSize => Version <= 2 ? AddressSize : OffsetSize;

    /// <summary>Largest address.</summary>
    public ulong AddressMask => AddressSize >= 8 ? ulong.MaxValue : (1UL << (AddressSize * 8)) - 1;

    public static bool IsAddressSize(int size) => size is 1 or 2 or 4 or 8;

    /// <summary>Sum that wraps around at the size of an address.</summary>
    public ulong Add(ulong address, ulong offset) => unchecked(address + offset) & AddressMask;

    /// <summary>
    /// Linkers write -1 or -2 where the code that an address referred to was discarded. Other tombstones (0 and 1) are
    /// also real offsets and bases: see <see cref="CodeFilter"/>.
    /// </summary>
    public bool IsMaximum(ulong address) => address >= AddressMask - 1;

    public ulong ReadAddress(ref ByteReader reader) => reader.ReadUnsigned(AddressSize);

    public ulong ReadOffset(ref ByteReader reader) => reader.ReadWord(Is64);
}
