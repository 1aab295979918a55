using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Frames;
using Symbolicator.Engine.Modules;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Symbolication;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind;
using SystemInfo = Symbolicator.Engine.Contracts.SystemInfo;

namespace Symbolicator.Engine.Minidumps;

/// <summary>Answers <c>POST /minidump</c>: unwinds all threads of a dump and symbolicates their frames.</summary>
public sealed class MinidumpProcessor(ICpuScheduler cpu, IObjectStore store, Demangler demangle)
{
    private readonly FramePipeline _frames = new(cpu, demangle);

    /// <param name="file">The dump; the caller keeps its lease until the task ends.</param>
    /// <param name="job">What is wanted.</param>
    /// <param name="ct">Ends the request, not work shared with others.</param>
    /// <returns>The answer, or a failure with its reason when the file is no dump that can be read.</returns>
    public async Task<SymbolicationResponse> ProcessAsync(FileBytes file, MinidumpJob job, CancellationToken ct)
    {
        MinidumpFile dump;
        try
        {
            dump = await cpu.RunAsync(CpuLane.Quick, _ => MinidumpFile.Open(file, job.Limits), ct).ConfigureAwait(false);
        }
        catch (MalformedFileException e)
        {
            return new FailedResponse { Message = e.Detail ?? e.Message };
        }

        using (dump)
        {
            return await ProcessAsync(dump, job, ct).ConfigureAwait(false);
        }
    }

    private async Task<CompletedResponse> ProcessAsync(MinidumpFile dump, MinidumpJob job, CancellationToken ct)
    {
        var (process, walker) = await cpu.RunAsync(CpuLane.Quick, _ => Prepare(dump, job), ct).ConfigureAwait(false);
        var resolver = new ModuleResolver(Rewrite(process.Modules, job.RewriteFirstModule), job.Sources, store, job.Scope, ct);
        await using (resolver.ConfigureAwait(false))
        {
            var walked = await WalkAsync(walker, resolver, ct).ConfigureAwait(false);
            ThreadFrames[] threads = [.. dump.Threads.Zip(walked, process.ToFrames)];
            var table = new ModuleTable(process.Modules);
            var symbolicated = await _frames.RunAsync(threads, table, resolver, signal: null, ct).ConfigureAwait(false);
            var unloaded = new UnloadedModuleTable(dump.UnloadedModules);
            var stacktraces = await cpu.RunAsync(CpuLane.Quick, t => unloaded.Annotate(symbolicated, t), ct).ConfigureAwait(false);
            return Describe(dump, process, resolver, stacktraces, job);
        }
    }

    private static (MinidumpProcess Process, StackWalker Walker) Prepare(MinidumpFile dump, MinidumpJob job)
    {
        var process = new MinidumpProcess(dump);
        return (process, process.CreateWalker(job));
    }

    /// <summary>
    /// The walk never waits: it stops at what it lacks, all of that is loaded at once, and it goes on. The tables stay
    /// leased by the resolver.
    /// </summary>
    private async Task<IReadOnlyList<WalkedThread>> WalkAsync(StackWalker walker, ModuleResolver resolver, CancellationToken ct)
    {
        var tables = new ModuleTables();
        while (true)
        {
            switch (await cpu.RunAsync(CpuLane.Quick, t => walker.Advance(tables, t), ct).ConfigureAwait(false))
            {
                case WalkOutcome.Completed done:
                    return done.Threads;

                case WalkOutcome.NeedsModules needs:
                    var unwind = needs.UnwindTables.ToDictionary(module => module, resolver.GetUnwindTableAsync);
                    var symbols = needs.Symbols.ToDictionary(module => module, resolver.GetSymbolsAsync);
                    foreach (var (module, table) in unwind)
                    {
                        tables.SetUnwindTable(module, (await table.ConfigureAwait(false)).Value);
                        tables.SetCode(module, await resolver.GetCodeAsync(module).ConfigureAwait(false));
                    }

                    foreach (var (module, cache) in symbols)
                    {
                        tables.SetSymbols(module, (await cache.ConfigureAwait(false)).Value is { } value ? new SymCacheCoverage(value) : null);
                    }

                    break;
            }
        }
    }

    private static IReadOnlyList<ModuleInfo> Rewrite(IReadOnlyList<ModuleInfo> modules, RewriteRules rules) =>
        modules.Count > 0 && modules[0].DebugFile is { } name && rules.Apply(name) is { } rewritten
            ? [modules[0] with { DebugFile = rewritten }, .. modules.Skip(1)]
            : modules;

    private static CompletedResponse Describe(
        MinidumpFile dump,
        MinidumpProcess process,
        ModuleResolver resolver,
        IReadOnlyList<SymbolicatedStacktrace> stacktraces,
        MinidumpJob job)
    {
        var modules = new List<SymbolicatedModule>();
        for (int i = 0; i < process.Modules.Count; i++)
        {
            var info = resolver.Complete(i, process.Modules[i]);
            if (info.CodeId is not null || info.DebugId is not null || resolver.WasAsked(i))
            {
                modules.Add(FramePipeline.Describe(resolver, i, info, unwound: true, job.DifCandidates));
            }
        }

        var arch = dump.System.Arch;
        return new CompletedResponse
        {
            Timestamp = dump.Timestamp,
            SystemInfo = new SystemInfo
            {
                OsName = dump.System.OsName,
                OsVersion = dump.System.OsVersion,
                OsBuild = dump.System.OsBuild,
                CpuArch = arch != Arch.Unknown ? arch : modules.Find(m => m.Arch != Arch.Unknown)?.Arch ?? Arch.Unknown,
            },
            Crashed = dump.Exception is not null,
            CrashReason = dump.CrashSummary,
            Assertion = "",
            Stacktraces = stacktraces,
            Modules = modules,
        };
    }
}
