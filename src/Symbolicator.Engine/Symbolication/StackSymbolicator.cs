using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Frames;
using Symbolicator.Engine.Modules;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;

namespace Symbolicator.Engine.Symbolication;

/// <summary>Answers <c>POST /symbolicate</c>: stack traces that clients collected.</summary>
public sealed class StackSymbolicator(ICpuScheduler cpu, IObjectStore store, Demangler demangle)
{
    private readonly FramePipeline _frames = new(cpu, demangle);

    /// <param name="request">Stack traces and modules.</param>
    /// <param name="sources">The request's or the configured ones, in order of preference.</param>
    /// <param name="scope">Cache scope, null for the global one.</param>
    /// <param name="ct">Ends the request, not work shared with others.</param>
    public async Task<CompletedResponse> SymbolicateAsync(
        SymbolicateRequest request, IReadOnlyList<ISymbolSource> sources, string? scope, CancellationToken ct)
    {
        bool callerFirst = request.Options.FrameOrder == FrameOrder.CallerFirst;
        ThreadFrames[] threads =
        [
            .. request.Stacktraces.Select(t => new ThreadFrames(t, callerFirst ? [.. t.Frames.Reverse()] : t.Frames)),
        ];
        var table = new ModuleTable(request.Modules);
        var resolver = new ModuleResolver([.. table.Entries.Select(entry => entry.Info)], sources, store, scope, ct);
        await using (resolver.ConfigureAwait(false))
        {
            var stacktraces = await _frames.RunAsync(threads, table, resolver, request.Signal, ct).ConfigureAwait(false);
            return new CompletedResponse
            {
                Signal = request.Signal,
                Stacktraces = callerFirst ? [.. stacktraces.Select(t => t with { Frames = [.. t.Frames.Reverse()] })] : stacktraces,
                Modules =
                [
                    .. table.Entries.Select(entry => FramePipeline.Describe(
                        resolver, entry.Index, entry.Info, unwound: false, request.Options.DifCandidates)),
                ],
            };
        }
    }
}
