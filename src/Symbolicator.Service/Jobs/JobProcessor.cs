using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Symbolication;

namespace Symbolicator.Service.Jobs;

/// <summary>Stack traces to symbolicate.</summary>
internal sealed record SymbolicateWork(string? Scope, SymbolicateRequest Request, IReadOnlyList<ISymbolSource> Sources)
    : JobWork("symbolicate", Scope)
{
    public override IReadOnlyList<string>? SourceIds => Request.Sources?.Select(source => source.Id).ToArray();

    public override string ToString() => Kind;
}

/// <summary>A minidump, which lies in the job's folder.</summary>
internal sealed record MinidumpWork(MinidumpJob Job, IReadOnlyList<string>? NamedSources) : JobWork("minidump", Job.Scope)
{
    public override IReadOnlyList<string>? SourceIds => NamedSources;

    public override string ToString() => Kind;
}

/// <summary>Runs jobs on the engine.</summary>
internal sealed class JobProcessor(StackSymbolicator stacks, MinidumpProcessor minidumps, IJobStore store) : IJobProcessor
{
    public async Task<SymbolicationResponse> RunAsync(Guid id, JobWork work, CancellationToken ct)
    {
        switch (work)
        {
            case SymbolicateWork symbolicate:
                return await stacks.SymbolicateAsync(symbolicate.Request, symbolicate.Sources, symbolicate.Scope, ct);
            case MinidumpWork minidump:
                using (var file = store.OpenInput(id))
                {
                    return await minidumps.ProcessAsync(file, minidump.Job, ct);
                }

            default:
                throw new InvalidOperationException($"unknown kind of job: {work.Kind}");
        }
    }
}
