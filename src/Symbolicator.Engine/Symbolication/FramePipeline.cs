using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Frames;
using Symbolicator.Engine.Modules;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;

namespace Symbolicator.Engine.Symbolication;

/// <summary>From threads with addresses to threads with names: modules, their symbols all at once, then the frames.</summary>
internal sealed class FramePipeline(ICpuScheduler cpu, Demangler demangle)
{
    public async Task<IReadOnlyList<SymbolicatedStacktrace>> RunAsync(
        IReadOnlyList<ThreadFrames> threads, ModuleTable table, ModuleResolver resolver, uint? signal, CancellationToken ct)
    {
        var symbolizer = new FrameSymbolizer(table, signal, demangle);
        var modules = await cpu.RunAsync(CpuLane.Quick, t => FindModules(symbolizer, threads, t), ct).ConfigureAwait(false);

        int[] hit = [.. modules.SelectMany(m => m).OfType<ModuleEntry>().Select(m => m.Index).Distinct()];
        var leases = await Task.WhenAll(hit.Select(resolver.GetSymbolsAsync)).ConfigureAwait(false);
        var symbols = new Dictionary<int, ModuleSymbols>(hit.Length);
        for (int i = 0; i < hit.Length; i++)
        {
            symbols.Add(hit[i], new ModuleSymbols(leases[i].Status, leases[i].Value, demangle, resolver.TrailOf(hit[i])));
        }

        return await cpu.RunAsync(CpuLane.Quick, t => Symbolize(symbolizer, threads, modules, symbols, t), ct).ConfigureAwait(false);
    }

    /// <summary>A module with all that was learnt of it.</summary>
    /// <param name="resolver">Of the request.</param>
    /// <param name="index">Index in the resolver.</param>
    /// <param name="info">As the answer shows it.</param>
    /// <param name="unwound">The answer tells how unwinding went.</param>
    /// <param name="candidates">The answer lists where files were looked for.</param>
    public static SymbolicatedModule Describe(ModuleResolver resolver, int index, ModuleInfo info, bool unwound, bool candidates) =>
        new(info, resolver.StatusOf(index, ObjectPurpose.Debug))
        {
            UnwindStatus = unwound ? resolver.StatusOf(index, ObjectPurpose.Unwind) : null,
            Features = CandidateView.ToInfo(resolver.FeaturesOf(index)),
            Arch = resolver.ArchOf(index),
            Candidates = candidates ? CandidateView.Of(resolver.TrailOf(index)) : null,
        };

    private static ModuleEntry?[][] FindModules(FrameSymbolizer symbolizer, IReadOnlyList<ThreadFrames> threads, CancellationToken ct)
    {
        var modules = new ModuleEntry?[threads.Count][];
        for (int i = 0; i < modules.Length; i++)
        {
            ct.ThrowIfCancellationRequested();
            modules[i] = symbolizer.FindModules(threads[i]);
        }

        return modules;
    }

    private static SymbolicatedStacktrace[] Symbolize(
        FrameSymbolizer symbolizer,
        IReadOnlyList<ThreadFrames> threads,
        ModuleEntry?[][] modules,
        Dictionary<int, ModuleSymbols> symbols,
        CancellationToken ct)
    {
        var output = new SymbolicatedStacktrace[threads.Count];
        for (int i = 0; i < output.Length; i++)
        {
            ct.ThrowIfCancellationRequested();
            var thread = threads[i].Thread;
            output[i] = new SymbolicatedStacktrace
            {
                ThreadId = thread.ThreadId,
                ThreadName = thread.ThreadName,
                IsRequesting = thread.IsRequesting,
                Registers = thread.Registers is { Count: > 0 } registers ? registers : null,
                Frames = symbolizer.Symbolize(threads[i], modules[i], symbols),
            };
        }

        return output;
    }
}
