using System.Runtime.CompilerServices;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Core;

/// <summary>Machine code in sections. They must stay readable as long as this is in use.</summary>
internal sealed class SectionCode : ICodeView
{
    private readonly ulong _imageBase;

    // By address.
    private readonly Section[] _sections;

    public SectionCode(ulong imageBase, IReadOnlyCollection<Section> sections)
    {
        _imageBase = imageBase;
        _sections = [.. sections];
        Array.Sort(_sections, static (a, b) => a.Address.CompareTo(b.Address));
    }

    public long EstimatedBytes => (long)_sections.Length * Unsafe.SizeOf<Section>();

    public bool TryReadCode(ulong rva, Span<byte> destination)
    {
        ulong address = unchecked(rva + _imageBase);
        int low = 0;
        int high = _sections.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_sections[middle].Address <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == 0 || !_sections[low - 1].TryWindow(address - _sections[low - 1].Address, (ulong)destination.Length, out var bytes))
        {
            return false;
        }

        bytes.CopyTo(destination);
        return true;
    }
}
