using Symbolicator.Engine.Contracts;

namespace Symbolicator.Service.Jobs;

/// <summary>What a job has to do, with the secrets of its sources: memory only.</summary>
internal abstract record JobWork(string Kind, string? Scope)
{
    /// <summary>Ids of the sources that the request names, null when it names none.</summary>
    public abstract IReadOnlyList<string>? SourceIds { get; }
}

/// <summary>A job known to this process.</summary>
internal sealed class Job(Guid id, JobWork? work, AdmissionControl.Slot? slot, DateTimeOffset created)
{
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid Id { get; } = id;

    /// <summary>Null once finished: secrets go as soon as they are not needed.</summary>
    public JobWork? Work { get; private set; } = work;

    public DateTimeOffset Created { get; } = created;

    /// <summary>Set together with the completion of <see cref="Finished"/>.</summary>
    public DateTimeOffset? FinishedAt { get; private set; }

    /// <summary>The result, when the store could not take it.</summary>
    public SymbolicationResponse? UnstoredResult { get; private set; }

    public Task Finished => _finished.Task;

    public void Finish(DateTimeOffset now, SymbolicationResponse? unstoredResult = null)
    {
        UnstoredResult = unstoredResult;
        Work = null;
        FinishedAt = now;
        slot?.Dispose();
        _finished.TrySetResult();
    }
}
