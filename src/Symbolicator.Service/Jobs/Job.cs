using Symbolicator.Engine.Contracts;

namespace Symbolicator.Service.Jobs;

/// <summary>What a job has to do, with the secrets of its sources: memory only.</summary>
internal abstract record JobWork(string Kind, string? Scope)
{
    /// <summary>Ids of the sources that the request names, null when it names none.</summary>
    public abstract IReadOnlyList<string>? SourceIds { get; }
}

/// <summary>A job known to this process.</summary>
internal sealed class Job(Guid id, JobWork? work, AdmissionControl.Slot? slot, long started)
{
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _finishedTimestamp;
    private TimeSpan _ageWhenFinished;

    public Guid Id { get; } = id;

    /// <summary>Null once finished: secrets go as soon as they are not needed.</summary>
    public JobWork? Work { get; private set; } = work;

    /// <summary>Timestamp of the admission.</summary>
    public long Started { get; } = started;

    /// <summary>The result, when the store could not take it.</summary>
    public SymbolicationResponse? UnstoredResult { get; private set; }

    public Task Finished => _finished.Task;

    /// <summary>How long it has been finished, by a clock that nobody sets; null while it runs.</summary>
    public TimeSpan? FinishedFor(TimeProvider time) =>
        _finished.Task.IsCompleted ? _ageWhenFinished + time.GetElapsedTime(_finishedTimestamp) : null;

    /// <param name="time">The clock.</param>
    /// <param name="age">How long ago an earlier process finished it.</param>
    /// <param name="unstoredResult">The result, when the store could not take it.</param>
    public void Finish(TimeProvider time, TimeSpan age = default, SymbolicationResponse? unstoredResult = null)
    {
        UnstoredResult = unstoredResult;
        Work = null;
        _finishedTimestamp = time.GetTimestamp();
        _ageWhenFinished = age;
        slot?.Dispose();
        _finished.TrySetResult();
    }

    /// <summary>Gives up a result that lies in memory.</summary>
    public void ForgetResult() =>
        UnstoredResult = new FailedResponse { Message = "the result could not be stored and is gone; send the request again" };
}
