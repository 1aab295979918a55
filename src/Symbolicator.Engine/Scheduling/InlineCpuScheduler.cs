namespace Symbolicator.Engine.Scheduling;

/// <summary>Computes on the calling thread: for a command line tool that has nothing else to do.</summary>
public sealed class InlineCpuScheduler : ICpuScheduler
{
    public Task<T> RunAsync<T>(CpuLane lane, Func<CancellationToken, T> work, CancellationToken ct) => Task.FromResult(work(ct));
}
