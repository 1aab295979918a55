using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>
/// Where an image has code, as absolute addresses: its executable sections (also those that a separate debug file has
/// left out), or its executable segments when the section headers are gone.
/// </summary>
internal sealed class ElfCode
{
    private readonly List<AddressRange> _ranges = [];

    public ElfCode(ElfSections sections, ElfSegments segments, bool sectionsAreComplete)
    {
        var all = new List<AddressRange>();
        foreach (ref readonly var section in sections.All)
        {
            if (section.IsCode && section.Size != 0)
            {
                all.Add(new AddressRange(section.Address, section.End));
            }
        }

        if (all.Count == 0 || !sectionsAreComplete)
        {
            all.AddRange(segments.Code());
        }

        all.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.End.CompareTo(b.End));
        foreach (var range in all)
        {
            if (_ranges.Count > 0 && range.Start < _ranges[^1].End)
            {
                _ranges[^1] = _ranges[^1] with { End = Math.Max(_ranges[^1].End, range.End) };
            }
            else
            {
                _ranges.Add(range);
            }
        }
    }

    /// <summary>Ascending, disjoint.</summary>
    public IReadOnlyList<AddressRange> Ranges => _ranges;

    /// <summary>The range that contains an address.</summary>
    public bool TryFind(ulong address, out AddressRange range)
    {
        int low = 0, high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].End <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        range = low < _ranges.Count ? _ranges[low] : default;
        return range.Contains(address);
    }
}
