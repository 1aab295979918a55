using System.Collections.Concurrent;
using Symbolicator.Engine.Contracts;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Jobs;

/// <summary>
/// Runs jobs until the service stops. They are detached from the connections that brought them. When the service
/// stops they may end; what has not ended shortly before the shutdown deadline is answered as failed.
/// </summary>
internal sealed class JobWorker(
    JobTracker tracker, IWorkQueue queue, IJobProcessor processor, AdmissionControl admission, JobOptions jobs, HttpOptions http,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<JobWorker> log) : IHostedService, IDisposable
{
    /// <summary>Share of the shutdown time after which jobs are given up, so that their clients still get an answer.</summary>
    private const double DrainShare = 0.8;

    private readonly ConcurrentDictionary<Guid, Task> _running = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private Task _expiry = Task.CompletedTask;
    private ITimer? _drainTimer;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await tracker.RecoverAsync();
        lifetime.ApplicationStopping.Register(BeginStop);
        _loop = ReadQueueAsync();
        _expiry = ExpireAsync();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // The connections are closed by now: nobody waits for a result any more, but it can be polled after a restart.
        await Task.WhenAll(_running.Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _giveUp.CancelAsync();
        await Task.WhenAll(_running.Values);
        await _stop.CancelAsync();
        await Task.WhenAll(_loop, _expiry);
    }

    public void Dispose()
    {
        _drainTimer?.Dispose();
        _giveUp.Dispose();
        _stop.Dispose();
    }

    private void BeginStop()
    {
        admission.Close();
        Log.Draining(log, _running.Count);
        _drainTimer = time.CreateTimer(_ => _giveUp.Cancel(), null, http.ShutdownTimeout * DrainShare, Timeout.InfiniteTimeSpan);
    }

    private async Task ReadQueueAsync()
    {
        try
        {
            await foreach (var id in queue.ReadAllAsync(_stop.Token))
            {
                if (tracker.Find(id) is { Work: { } work } job)
                {
                    var done = new TaskCompletionSource();
                    _running[id] = done.Task;
                    _ = RunAsync(job, work, done);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }

    private async Task ExpireAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                tracker.DropExpired();
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }

    private async Task RunAsync(Job job, JobWork work, TaskCompletionSource done)
    {
        // Leaves the loop that reads the queue before anything is computed.
        await Task.Yield();
        var started = time.GetTimestamp();
        using var timeLimit = new CancellationTokenSource(jobs.MaxDuration, time);
        using var ct = CancellationTokenSource.CreateLinkedTokenSource(timeLimit.Token, _giveUp.Token);
        try
        {
            var (result, outcome) = await ResultOfAsync(job, work, timeLimit.Token, ct.Token);
            await tracker.FinishAsync(job, result, outcome);
            var elapsed = time.GetElapsedTime(started);
            admission.Observe(elapsed);
            Log.JobEnded(log, job.Id, work.Kind, outcome, elapsed.TotalMilliseconds);
        }
        finally
        {
            _running.TryRemove(job.Id, out _);
            done.SetResult();
        }
    }

    private async Task<(SymbolicationResponse Result, string Outcome)> ResultOfAsync(
        Job job, JobWork work, CancellationToken timeLimit, CancellationToken ct)
    {
        try
        {
            // Also ends the wait for work that does not listen.
            var result = await processor.RunAsync(job.Id, work, ct).WaitAsync(ct);
            return (result, result is FailedResponse ? "failed" : "completed");
        }
        catch (OperationCanceledException) when (timeLimit.IsCancellationRequested)
        {
            return (new TimeoutResponse(), "timeout");
        }
        catch (OperationCanceledException) when (_giveUp.IsCancellationRequested)
        {
            return (new FailedResponse { Message = "the service is shutting down; send the request again" }, "interrupted");
        }
        catch (Exception e)
        {
            Log.JobFailed(log, e, job.Id);
            return (new InternalErrorResponse(), "internal_error");
        }
    }
}
