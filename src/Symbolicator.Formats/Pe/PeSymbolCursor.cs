using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pe.Unwind;

namespace Symbolicator.Formats.Pe;

/// <summary>
/// Streams the COFF symbols of code, then the exports that these do not have. Neither states a size: a symbol reaches to
/// the next place that is known, at most to the end of its function in the unwind information and of its section.
/// </summary>
internal sealed class PeSymbolCursor : ISymbolCursor
{
    private readonly PeImage _image;
    private readonly CoffSymbols _coff;
    private readonly PeExports _exports;
    private readonly IFunctionEnds? _functions;
    private readonly InternPool _names;
    private readonly FaultLog _faults;
    private readonly uint[] _places;

    // By place, 0 while it is not known: many symbols can stand for one place.
    private readonly uint[] _sizes;
    private readonly HashSet<(ulong Rva, int Name)> _both = [];
    private long _nameBudget;
    private long _coffIndex;
    private long _exportIndex;

    public PeSymbolCursor(
        PeImage image, CoffSymbols coff, PeExports exports, IFunctionEnds? functions, InternPool names, FaultLog faults)
    {
        _image = image;
        _coff = coff;
        _exports = exports;
        _functions = functions;
        _names = names;
        _faults = faults;
        _places = Places();
        _sizes = new uint[_places.Length];

        // Names may overlap, so that the bytes of all of them have no bound of their own. Real tables stay far below.
        _nameBudget = (16 * Math.Min(image.File.Length, int.MaxValue)) + (256 * (coff.Count + exports.Count));
        if (coff.Count > 0)
        {
            long budget = _nameBudget;
            for (long i = 0; i < exports.Count && budget >= 0; i++)
            {
                if (exports.TryReadCode(i, out ulong rva))
                {
                    _both.Add((rva, names.Intern(exports.Name(i, ref budget)).Id));
                }
            }
        }
    }

    public bool TryReadNext(out PublicSymbol symbol)
    {
        while (_coff.TryReadNext(ref _coffIndex, out var place))
        {
            if (!place.IsNamed)
            {
                continue;
            }

            var name = _names.Intern(_coff.Name(place.Index, ref _nameBudget));
            if (IsOverBudget())
            {
                _coffIndex = _coff.Count;
                break;
            }

            _both.Remove((place.Rva, name.Id));
            if (!name.IsNone)
            {
                symbol = new PublicSymbol(place.Rva, SizeAt(place.Rva), name);
                return true;
            }
        }

        while (_exportIndex < _exports.Count)
        {
            long index = _exportIndex++;
            if (!_exports.TryReadCode(index, out ulong rva))
            {
                continue;
            }

            var name = _names.Intern(_exports.Name(index, ref _nameBudget));
            if (IsOverBudget())
            {
                _exportIndex = _exports.Count;
                break;
            }

            if (!name.IsNone && (_coff.Count == 0 || _both.Remove((rva, name.Id))))
            {
                symbol = new PublicSymbol(rva, SizeAt(rva), name);
                return true;
            }
        }

        symbol = default;
        return false;
    }

    private bool IsOverBudget()
    {
        if (_nameBudget >= 0)
        {
            return false;
        }

        _faults.Add(new ParseFault(MalformedReason.StepsOverLimit, _image.Header.SymbolOffset), "symbol names");
        return true;
    }

    /// <summary>All places in code that symbols mark, ascending, each once.</summary>
    private uint[] Places()
    {
        var places = new List<uint>();
        long index = 0;
        while (_coff.TryReadNext(ref index, out var place))
        {
            places.Add((uint)place.Rva);
        }

        for (long i = 0; i < _exports.FunctionCount; i++)
        {
            if (_exports.TryReadFunction(i, out ulong rva))
            {
                places.Add((uint)rva);
            }
        }

        uint[] sorted = [.. places];
        Array.Sort(sorted);
        int count = 0;
        foreach (uint place in sorted)
        {
            if (count == 0 || sorted[count - 1] != place)
            {
                sorted[count++] = place;
            }
        }

        Array.Resize(ref sorted, count);
        return sorted;
    }

    private uint SizeAt(ulong rva)
    {
        int place = Array.BinarySearch(_places, (uint)rva);
        ref uint size = ref _sizes[place];
        if (size == 0)
        {
            ulong end = _image.Sections[_image.FindSection(rva)].End;
            end = place + 1 < _places.Length ? Math.Min(end, _places[place + 1]) : end;
            end = _functions is null ? end : Math.Min(end, _functions.EndAt(rva, end));
            size = (uint)Math.Min(end - rva, uint.MaxValue);
        }

        return size;
    }
}
