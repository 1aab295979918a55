using System.Diagnostics;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Scheduling;

/// <summary>
/// The border between moving bytes and computing: each lane has threads of its own and a bounded queue. When the
/// queue is full the caller waits without holding a thread.
/// </summary>
internal sealed class CpuPool : ICpuScheduler, IAsyncDisposable
{
    private readonly CpuLaneQueue _quick;
    private readonly CpuLaneQueue _build;

    public CpuPool(CpuOptions options, ServiceMetrics metrics)
    {
        _quick = new CpuLaneQueue(CpuLane.Quick, options.QuickThreads, options.QueueLength, metrics);
        _build = new CpuLaneQueue(CpuLane.Build, options.BuildThreads, options.QueueLength, metrics);
    }

    public async Task<T> RunAsync<T>(CpuLane lane, Func<CancellationToken, T> work, CancellationToken ct)
    {
        var item = new WorkItem<T>(work, ct);
        await (lane == CpuLane.Quick ? _quick : _build).EnqueueAsync(item, ct);
        return await item.Completion;
    }

    /// <summary>Work that waits is cancelled, work that runs is waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        _quick.Close();
        _build.Close();
        await _quick.Ended;
        await _build.Ended;
        _quick.Dispose();
        _build.Dispose();
    }

    private sealed class WorkItem<T> : CpuWork
    {
        private readonly Func<CancellationToken, T> _work;
        private readonly CancellationToken _ct;
        private readonly CancellationTokenRegistration _registration;

        // Continuations never run on a thread of the pool: they would hold it while they do IO.
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _taken;

        public WorkItem(Func<CancellationToken, T> work, CancellationToken ct)
        {
            _work = work;
            _ct = ct;
            _registration = ct.UnsafeRegister(static state => ((WorkItem<T>)state!).Abandon(), this);
        }

        public Task<T> Completion => _completion.Task;

        public override void Run()
        {
            if (Interlocked.Exchange(ref _taken, 1) != 0)
            {
                return;
            }

            try
            {
                _completion.TrySetResult(_work(_ct));
            }
            catch (OperationCanceledException e)
            {
                _completion.TrySetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                _completion.TrySetException(e);
            }
            finally
            {
                _registration.Dispose();
            }
        }

        /// <summary>Gives up waiting for a thread; does nothing to work that runs already.</summary>
        public override void Abandon()
        {
            if (Interlocked.Exchange(ref _taken, 1) == 0)
            {
                _completion.TrySetCanceled(_ct.IsCancellationRequested ? _ct : new CancellationToken(canceled: true));
            }
        }
    }
}

/// <summary>A piece of work in a queue.</summary>
internal abstract class CpuWork
{
    public long EnqueuedAt { get; } = Stopwatch.GetTimestamp();

    public abstract void Run();

    public abstract void Abandon();
}
