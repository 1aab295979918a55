using Symbolicator.Engine.Contracts;

namespace Symbolicator.Service.Jobs;

/// <summary>Does the work of jobs.</summary>
internal interface IJobProcessor
{
    /// <summary>Bad input is a <see cref="FailedResponse"/>; only bugs and cancellation throw.</summary>
    Task<SymbolicationResponse> RunAsync(Guid id, JobWork work, CancellationToken ct);
}
