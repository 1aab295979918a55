using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// Decides which addresses are code of this image: drops what linkers left of discarded functions (addresses 0, 1, -1,
/// -2 and anything outside of the code) and makes the rest relative to the image base.
/// </summary>
internal sealed class CodeFilter
{
    private readonly AddressRange[] _code;
    private readonly ulong _imageBase;
    private readonly bool _zeroIsValid;

    public CodeFilter(DwarfSections sections)
    {
        _imageBase = sections.ImageBase;
        _zeroIsValid = sections.ZeroIsValid;
        var code = new List<AddressRange>(sections.Code.Count);
        foreach (var range in sections.Code)
        {
            if (range.Start >= _imageBase && !range.IsEmpty)
            {
                code.Add(new AddressRange(range.Start - _imageBase, range.End - _imageBase));
            }
        }

        if (sections.Code.Count == 0)
        {
            code.Add(new AddressRange(0, ulong.MaxValue - _imageBase));
        }

        RangeMath.SortAndMerge(code, 0);
        _code = [.. code];
    }

    /// <summary>The address relative to the image base; wraps around below it, which no code range contains.</summary>
    public ulong Relative(ulong address) => unchecked(address - _imageBase);

    /// <summary>True where linkers leave this address in place of discarded code.</summary>
    public bool IsTombstone(ulong address, in DwarfEncoding encoding) =>
        encoding.IsMaximum(address) || (address <= 1 && !_zeroIsValid);

    /// <summary>The part of an absolute range that is code, relative to the image base.</summary>
    public bool TryKeep(ulong start, ulong end, in DwarfEncoding encoding, out AddressRange kept)
    {
        kept = default;
        return end > start && !IsTombstone(start, encoding) && TryClip(Relative(start), end - start, out kept);
    }

    /// <summary>The part of a relative range that lies in the same code range as its start.</summary>
    public bool TryClip(ulong start, ulong size, out AddressRange kept)
    {
        int index = RangeMath.LastStartingAtOrBefore(_code, start);
        if (size == 0 || index < 0 || start >= _code[index].End)
        {
            kept = default;
            return false;
        }

        ulong room = _code[index].End - start;
        kept = new AddressRange(start, start + Math.Min(size, room));
        return true;
    }
}
