using Symbolicator.Engine.Contracts;
using Symbolicator.Formats.Minidump;

namespace Symbolicator.Engine.Minidumps;

/// <summary>
/// Which unloaded modules had an address. Unlike loaded ones they overlap, and the same one may have been at several
/// places: all of them are told. Windows keeps the last 64; a dump that lists more than <see cref="MaxModules"/> is cut, and
/// so is an answer that would name them more than <see cref="MaxCost"/> allows. Belongs to one answer.
/// </summary>
internal sealed class UnloadedModuleTable(IReadOnlyList<UnloadedModule> modules)
{
    public const int MaxModules = 1024;

    /// <summary>Modules looked at, characters of names and <see cref="PlaceCost"/> for each offset, for all frames together.</summary>
    public const int MaxCost = 4 << 20;

    /// <summary>Characters that an offset stands for.</summary>
    public const int PlaceCost = 64;

    private readonly UnloadedModule[] _modules = [.. modules.Take(MaxModules).Where(m => !string.IsNullOrEmpty(m.Name))];
    private int _cost;

    public bool IsEmpty => _modules.Length == 0;

    /// <summary>By name in the order of the dump, offsets ascending; null when there were none.</summary>
    /// <param name="address">As the frame shows it.</param>
    /// <param name="isReturn">It is the end of a call, which may have been the last instruction of the module.</param>
    public IReadOnlyList<UnloadedModuleHit>? Find(ulong address, bool isReturn)
    {
        if (MaxCost - _cost < _modules.Length)
        {
            return null;
        }

        _cost += _modules.Length;
        ulong lookup = isReturn && address > 0 ? address - 1 : address;
        Dictionary<string, SortedSet<ulong>>? places = null;
        var names = new List<string>();
        foreach (var module in _modules)
        {
            if (lookup >= module.Address && lookup - module.Address < module.Size && !TryAdd(module.Name!, address - module.Address))
            {
                break;
            }
        }

        return places is null ? null : [.. names.Select(name => new UnloadedModuleHit(name, [.. places[name].Select(o => $"0x{o:x}")]))];

        bool TryAdd(string name, ulong offset)
        {
            SortedSet<ulong>? offsets = null;
            bool known = places is not null && places.TryGetValue(name, out offsets);
            int cost = PlaceCost + (known ? 0 : name.Length);
            if (MaxCost - _cost < cost)
            {
                return false;
            }

            _cost += cost;
            if (!known)
            {
                names.Add(name);
                (places ??= new(StringComparer.Ordinal)).Add(name, offsets = []);
            }

            offsets!.Add(offset);
            return true;
        }
    }

    /// <summary>Adds what is known of the frames that lie in no module.</summary>
    public IReadOnlyList<SymbolicatedStacktrace> Annotate(IReadOnlyList<SymbolicatedStacktrace> threads, CancellationToken ct)
    {
        if (IsEmpty)
        {
            return threads;
        }

        var annotated = new SymbolicatedStacktrace[threads.Count];
        for (int i = 0; i < annotated.Length; i++)
        {
            ct.ThrowIfCancellationRequested();
            annotated[i] = threads[i] with { Frames = [.. threads[i].Frames.Select(Annotate)] };
        }

        return annotated;
    }

    private SymbolicatedFrame Annotate(SymbolicatedFrame frame) => frame.Status == FrameStatus.UnknownImage
        ? frame with { UnloadedModules = Find(frame.InstructionAddr, isReturn: frame.Trust != FrameTrust.Context) }
        : frame;
}
