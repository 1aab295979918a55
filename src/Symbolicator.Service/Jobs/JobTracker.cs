using System.Collections.Concurrent;
using Symbolicator.Engine.Contracts;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Jobs;

/// <summary>The jobs of this process from admission to the end of their results.</summary>
internal sealed class JobTracker(
    IJobStore store, IWorkQueue queue, JobOptions options, TimeProvider time, ServiceMetrics metrics, ILogger<JobTracker> log)
{
    /// <summary>Results that are kept in memory when the disk does not take them.</summary>
    public const int MaxUnstored = 100;

    private readonly ConcurrentDictionary<Guid, Job> _jobs = new();

    /// <summary>Jobs whose results lie in memory, oldest first.</summary>
    private readonly ConcurrentQueue<Job> _unstored = new();

    /// <summary>Finished jobs in the order of their end; results all live equally long.</summary>
    private readonly ConcurrentQueue<Job> _finished = new();

    /// <summary>Takes over the slot.</summary>
    public async Task<Job> SubmitAsync(Guid id, JobWork work, AdmissionControl.Slot slot)
    {
        var job = new Job(id, work, slot, time.GetTimestamp());
        _jobs[id] = job;
        metrics.JobStarted();
        await RecordAsync(job, work);

        // Not the caller's token: a job that is announced must not be torn by a client that leaves.
        await queue.EnqueueAsync(id, CancellationToken.None);
        return job;
    }

    /// <summary>A job that runs or whose result can still be had.</summary>
    public Job? Find(Guid id) => _jobs.TryGetValue(id, out var job) && !IsExpired(job) ? job : null;

    /// <summary>Publishes the result and lets everybody know.</summary>
    public async Task FinishAsync(Job job, SymbolicationResponse result, string outcome)
    {
        string kind = job.Work?.Kind ?? "unknown";
        SymbolicationResponse? unstored = null;
        try
        {
            await store.PutResultAsync(job.Id, result, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.ResultNotStored(log, e, job.Id);
            unstored = result;
        }
        catch (Exception e)
        {
            // Its clients must be answered and its slot freed, whatever happened.
            Log.JobFailed(log, e, job.Id);
            unstored = new InternalErrorResponse();
        }

        metrics.JobEnded(kind, outcome, time.GetElapsedTime(job.Started));
        job.Finish(time, unstoredResult: unstored);
        _finished.Enqueue(job);
        if (unstored is not null)
        {
            KeepInMemory(job);
        }
    }

    /// <summary>Takes up what an earlier process left: results stay available, the rest is told to have failed.</summary>
    public async Task RecoverAsync()
    {
        foreach (var left in store.List().OrderBy(job => job.Finished))
        {
            if (left.Finished + options.ResultTtl <= time.GetUtcNow())
            {
                store.Delete(left.Id);
                continue;
            }

            var job = new Job(left.Id, null, null, time.GetTimestamp());
            _jobs[left.Id] = job;
            if (left.Finished is { } finished)
            {
                // Never from the future, whatever the clock was then.
                var age = time.GetUtcNow() - finished;
                job.Finish(time, age > TimeSpan.Zero ? age : TimeSpan.Zero);
                _finished.Enqueue(job);
            }
            else
            {
                metrics.JobStarted();
                await FinishAsync(job, new FailedResponse { Message = "the service stopped before the job ended; send it again" }, "interrupted");
            }
        }
    }

    /// <summary>Deletes the results whose time is over.</summary>
    public void DropExpired()
    {
        while (_finished.TryPeek(out var job) && IsExpired(job) && _finished.TryDequeue(out job))
        {
            _jobs.TryRemove(job.Id, out _);
            try
            {
                store.Delete(job.Id);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.ResultNotDeleted(log, e, job.Id);
            }
        }
    }

    /// <summary>Bounds the memory that a disk which stays full costs.</summary>
    private void KeepInMemory(Job job)
    {
        _unstored.Enqueue(job);
        while (_unstored.Count > MaxUnstored && _unstored.TryDequeue(out var oldest))
        {
            oldest.ForgetResult();
        }
    }

    /// <summary>A full disk costs what a restart would know of the job, not the job.</summary>
    private async Task RecordAsync(Job job, JobWork work)
    {
        try
        {
            var record = new JobRecord(work.Kind, work.Scope, time.GetUtcNow().ToUnixTimeSeconds(), work.SourceIds);
            await store.PutRequestAsync(job.Id, record, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.RequestNotStored(log, e, job.Id);
        }
    }

    private bool IsExpired(Job job) => job.FinishedFor(time) >= options.ResultTtl;
}
