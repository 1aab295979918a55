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

    public CodeMap(IReadOnlyList<WalkModule> modules, IReadOnlyList<AddressRange>? executable)
    {
        Flatten([.. modules.Where(m => m.End > m.Start).OrderBy(m => m.Start).ThenByDescending(m => m.End)]);
        if (executable is not null)
        {
            _executable = [.. executable.OrderBy(r => r.Start)];
        }

        ulong highest = _pieces.Count == 0 ? 0 : _pieces[^1].End;
        AddressMask = highest == 0 ? ulong.MaxValue : ulong.MaxValue >> BitOperations.LeadingZeroCount(highest);
    }

    /// <summary>The dump says which memory outside of modules is executable.</summary>
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

    /// <summary>True in a module and in memory that the dump says is executable.</summary>
    public bool IsCode(ulong address)
    {
        if (TryFind(address, out _))
        {
            return true;
        }

        if (_executable is null)
        {
            return false;
        }

        int low = 0;
        int high = _executable.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (_executable[middle].Start <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high >= 0 && address < _executable[high].End;
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
