using System.Numerics;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Unwind;

/// <summary>
/// Which module an address belongs to. Overlapping modules are flattened once: an address belongs to the module that
/// starts last below it, so that a module mapped inside another one is found and a search is one bisection.
/// </summary>
internal sealed class CodeMap
{
    private readonly List<Piece> _pieces = [];
    private readonly AddressRange[]? _executable;
    private readonly AddressRange[] _unloaded;

    public CodeMap(
        IReadOnlyList<WalkModule> modules, IReadOnlyList<AddressRange>? executable, IReadOnlyList<AddressRange>? unloaded = null)
    {
        _unloaded = Merge(unloaded ?? []);
        Flatten([.. modules.Where(m => m.End > m.Start).OrderBy(m => m.Start).ThenByDescending(m => m.End)]);
        if (executable is not null)
        {
            _executable = Merge(executable);
        }

        ulong highest = _pieces.Count == 0 ? 0 : _pieces[^1].End;
        AddressMask = highest == 0 ? ulong.MaxValue : ulong.MaxValue >> BitOperations.LeadingZeroCount(highest);
    }

    /// <summary>The dump says which memory is executable.</summary>
    public bool KnowsExecutableMemory => _executable is not null;

    /// <summary>All bits up to the highest one that a module address has.</summary>
    public ulong AddressMask { get; }

    /// <summary>Index and start of the module at an address; false when there is none.</summary>
    public bool TryFind(ulong address, out WalkModule module)
    {
        int low = 0;
        int high = _pieces.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            var piece = _pieces[middle];
            if (address < piece.Start)
            {
                high = middle - 1;
            }
            else if (address >= piece.End)
            {
                low = middle + 1;
            }
            else
            {
                module = piece.Module;
                return true;
            }
        }

        module = default;
        return false;
    }

    /// <summary>True where a module may have code (<see cref="IsCodeOf"/>) and in memory that the dump says is executable.</summary>
    public bool IsCode(ulong address) =>
        TryFind(address, out var module) ? IsCodeOf(module, address) : _executable is not null && IsExecutable(address);

    /// <summary>True also where a module was before it was unloaded.</summary>
    public bool WasCode(ulong address) => IsCode(address) || Meets(_unloaded, address, unchecked(address + 1));

    /// <summary>
    /// True where the dump says that memory of the module is executable, and everywhere in a module of whose memory it
    /// says nothing.
    /// </summary>
    public bool IsCodeOf(in WalkModule module, ulong address) =>
        _executable is null || IsExecutable(address) || !HasExecutable(module.Start, module.End);

    private bool IsExecutable(ulong address) => HasExecutable(address, unchecked(address + 1));

    private bool HasExecutable(ulong start, ulong end) => Meets(_executable!, start, end);

    /// <summary>True when a range begins before the end and ends behind the start.</summary>
    private static bool Meets(AddressRange[] ranges, ulong start, ulong end)
    {
        int low = 0;
        int high = ranges.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (ranges[middle].End <= start)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < ranges.Length && ranges[low].Start < end;
    }

    /// <summary>Ascending, disjoint.</summary>
    private static AddressRange[] Merge(IReadOnlyList<AddressRange> ranges)
    {
        var merged = new List<AddressRange>();
        foreach (var range in ranges.Where(r => !r.IsEmpty).OrderBy(r => r.Start))
        {
            if (merged.Count > 0 && range.Start <= merged[^1].End)
            {
                merged[^1] = merged[^1] with { End = Math.Max(merged[^1].End, range.End) };
            }
            else
            {
                merged.Add(range);
            }
        }

        return [.. merged];
    }

    /// <summary>One sweep with a stack of open modules; the innermost, that is, the last started, owns each piece.</summary>
    private void Flatten(WalkModule[] sorted)
    {
        var open = new Stack<WalkModule>();
        ulong at = 0;
        foreach (var module in sorted)
        {
            CloseUntil(open, module.Start, ref at);
            if (open.TryPeek(out var outer))
            {
                Add(at, module.Start, outer);
            }

            at = module.Start;
            open.Push(module);
        }

        CloseUntil(open, ulong.MaxValue, ref at);
    }

    private void CloseUntil(Stack<WalkModule> open, ulong limit, ref ulong at)
    {
        while (open.TryPeek(out var top) && top.End <= limit)
        {
            Add(at, top.End, top);
            at = Math.Max(at, top.End);
            open.Pop();
        }
    }

    private void Add(ulong start, ulong end, WalkModule module)
    {
        if (end > start)
        {
            _pieces.Add(new Piece(start, end, module));
        }
    }

    private readonly record struct Piece(ulong Start, ulong End, WalkModule Module);
}
