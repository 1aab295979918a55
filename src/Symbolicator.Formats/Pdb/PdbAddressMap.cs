using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb;

/// <summary>
/// Translates addresses as symbols state them, section and offset or the RVA that the linker gave, to RVAs of the image.
/// They differ only where a tool rearranged the image after linking. Immutable, safe to use from several threads.
/// </summary>
internal sealed class PdbAddressMap
{
    private readonly PdbSection[] _sections;
    private readonly PdbSection[] _imageByAddress;
    private readonly PdbOmap? _omap;

    /// <param name="sections">As symbols count them: of the image as it was linked.</param>
    /// <param name="image">Of the image as it is; the same sections when it was not rearranged.</param>
    /// <param name="omap">Null when the image was not rearranged.</param>
    public PdbAddressMap(PdbSection[] sections, PdbSection[] image, PdbOmap? omap)
    {
        _sections = sections;
        _omap = omap;
        _imageByAddress = [.. image];
        Array.Sort(_imageByAddress, (left, right) => left.Address.CompareTo(right.Address));
    }

    /// <summary>Sections as symbols count them, the first being number 1.</summary>
    public IReadOnlyList<PdbSection> Sections => _sections;

    /// <summary>Code was moved after linking: what lies together in a symbol may lie apart in the image.</summary>
    public bool IsRearranged => _omap is not null;

    /// <summary>The end of the last section of the image, 0 when there is none.</summary>
    public ulong ImageEnd
    {
        get
        {
            ulong end = 0;
            foreach (var section in _imageByAddress)
            {
                end = Math.Max(end, section.End);
            }

            return end;
        }
    }

    /// <summary>False for a section that does not exist, an offset that leaves it, or bytes that were removed.</summary>
    /// <param name="section">Counted from 1.</param>
    /// <param name="offset">Bytes from the start of the section.</param>
    /// <param name="rva">The RVA.</param>
    public bool TryToRva(ushort section, uint offset, out uint rva) =>
        TryToLinked(section, offset, out rva) && (_omap is null || _omap.TryMap(rva, out rva));

    /// <summary>True for a section that holds code.</summary>
    public bool IsCode(ushort section) => section > 0 && section <= _sections.Length && _sections[section - 1].IsCode;

    /// <summary>
    /// Appends where the bytes of a range are in the image: one range, several when the image was rearranged after
    /// linking, none when they were removed. Ranges are not empty, ascending and cut at the end of the section.
    /// </summary>
    public void AddRanges(ushort section, uint offset, uint length, List<AddressRange> ranges)
    {
        if (TryToLinked(section, offset, out uint linked))
        {
            AddRanges(linked, Math.Min(length, _sections[section - 1].Size - offset), ranges);
        }
    }

    /// <summary>As the other, for tables that state the RVA that the linker gave: frame data.</summary>
    public void AddRanges(uint linked, uint length, List<AddressRange> ranges)
    {
        if (_omap is not null)
        {
            _omap.AddRanges(linked, length, ranges);
        }
        else if (length > 0)
        {
            ranges.Add(new AddressRange(linked, Math.Min((ulong)linked + length, 1UL << 32)));
        }
    }

    /// <summary>The end of the image's section around an RVA, 0 when there is none.</summary>
    public ulong SectionEnd(ulong rva)
    {
        int start = 0;
        int end = _imageByAddress.Length;
        while (start < end)
        {
            int middle = start + ((end - start) / 2);
            if (_imageByAddress[middle].Address <= rva)
            {
                start = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return start > 0 && rva < _imageByAddress[start - 1].End ? _imageByAddress[start - 1].End : 0;
    }

    private bool TryToLinked(ushort section, uint offset, out uint linked)
    {
        linked = 0;
        int index = section - 1;
        if (index < 0 || index >= _sections.Length || offset >= _sections[index].Size || offset > uint.MaxValue - _sections[index].Address)
        {
            return false;
        }

        linked = _sections[index].Address + offset;
        return true;
    }
}
