using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb;

/// <summary>
/// Translates section and offset, as symbols state addresses, to RVAs of the image. Immutable, safe to use from several
/// threads.
/// </summary>
internal sealed class PdbAddressMap(PdbSection[] sections)
{
    public IReadOnlyList<PdbSection> Sections => sections;

    /// <summary>False for a section that does not exist or an offset that leaves it.</summary>
    /// <param name="section">Counted from 1.</param>
    /// <param name="offset">Bytes from the start of the section.</param>
    /// <param name="rva">The RVA.</param>
    public bool TryToRva(ushort section, uint offset, out uint rva)
    {
        rva = 0;
        int index = section - 1;
        if (index < 0 || index >= sections.Length || offset >= sections[index].Size || offset > uint.MaxValue - sections[index].Address)
        {
            return false;
        }

        rva = sections[index].Address + offset;
        return true;
    }

    /// <summary>True for a section that holds code.</summary>
    public bool IsCode(ushort section) => section > 0 && section <= sections.Length && sections[section - 1].IsCode;

    /// <summary>
    /// Appends where the bytes of a range are in the image: one range, several when the image was rearranged after
    /// linking, none when they were removed. Ranges are not empty, ascending and cut at the end of the section.
    /// </summary>
    public void AddRanges(ushort section, uint offset, uint length, List<AddressRange> ranges)
    {
        if (TryToRva(section, offset, out uint rva))
        {
            uint size = Math.Min(length, sections[section - 1].Size - offset);
            if (size > 0)
            {
                ranges.Add(new AddressRange(rva, (ulong)rva + size));
            }
        }
    }
}
