using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind.Cpu;

namespace Symbolicator.Formats.Unwind;

/// <summary>
/// Walks the threads of one crashed process. Does no IO: where a table is missing it says so and goes on later from the
/// very same frame, see <c>docs/adr/0002-suspend-and-resume-stack-walk.md</c>. Belongs to one caller at a time.
/// </summary>
public sealed class StackWalker
{
    private readonly ThreadWalk[] _threads;

    /// <param name="cpu">CPU of the process; threads of one that we do not unwind have their innermost frame only.</param>
    /// <param name="modules">Loaded images; they may overlap.</param>
    /// <param name="threads">Threads in the order of the result.</param>
    /// <param name="options">Conventions and bounds.</param>
    public StackWalker(CpuFamily cpu, IReadOnlyList<WalkModule> modules, IReadOnlyList<WalkThread> threads, WalkOptions options)
    {
        var code = new CodeMap(modules, options.ExecutableRanges, options.UnloadedRanges);
        var rules = CpuRules.For(cpu, options.CodeAddressMask != 0 ? options.CodeAddressMask : code.AddressMask);
        _threads = new ThreadWalk[threads.Count];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new ThreadWalk(threads[i], code, rules, options);
        }
    }

    /// <summary>
    /// Walks every thread as far as the loaded modules allow. Every call that does not complete names at least one
    /// entry that was not set, so that at most two calls per module and one more are needed, whatever the input.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled; the walk can go on with another call.</exception>
    public WalkOutcome Advance(ModuleTables known, CancellationToken cancellation)
    {
        var needs = new WalkNeeds();
        foreach (var thread in _threads)
        {
            thread.Advance(known, needs, cancellation);
        }

        return needs.IsEmpty
            ? new WalkOutcome.Completed(Array.ConvertAll(_threads, t => t.Result()))
            : new WalkOutcome.NeedsModules(needs.UnwindTables, needs.Symbols);
    }
}
