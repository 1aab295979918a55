using Symbolicator.Engine.Contracts;
using Symbolicator.Formats.Minidump;

namespace Symbolicator.Engine.Minidumps;

/// <summary>
/// Which unloaded modules had an address. Unlike loaded ones they overlap, and the same one may have been at several
/// places: all of them are told. Windows keeps the last 64; a dump that lists more than <see cref="MaxModules"/> is cut.
/// </summary>
internal sealed class UnloadedModuleTable(IReadOnlyList<UnloadedModule> modules)
{
    public const int MaxModules = 1024;

    private readonly UnloadedModule[] _modules = [.. modules.Take(MaxModules).Where(m => !string.IsNullOrEmpty(m.Name))];

    public bool IsEmpty => _modules.Length == 0;

    /// <summary>By name in the order of the dump, offsets ascending; null when there were none.</summary>
    /// <param name="address">As the frame shows it.</param>
    /// <param name="isReturn">It is the end of a call, which may have been the last instruction of the module.</param>
    public IReadOnlyList<UnloadedModuleHit>? Find(ulong address, bool isReturn)
    {
        var names = new List<string>();
        var offsets = new Dictionary<string, SortedSet<ulong>>(StringComparer.Ordinal);
        ulong lookup = isReturn && address > 0 ? address - 1 : address;
        foreach (var module in _modules)
        {
            if (lookup < module.Address || lookup - module.Address >= module.Size)
            {
                continue;
            }

            if (!offsets.TryGetValue(module.Name!, out var places))
            {
                names.Add(module.Name!);
                offsets.Add(module.Name!, places = []);
            }

            places.Add(address - module.Address);
        }

        return names.Count == 0 ? null : [.. names.Select(name => new UnloadedModuleHit(name, [.. offsets[name].Select(o => $"0x{o:x}")]))];
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
