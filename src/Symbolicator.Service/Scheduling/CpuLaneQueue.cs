using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Scheduling;

/// <summary>Named threads that take work from one bounded queue, in order.</summary>
internal sealed class CpuLaneQueue : IDisposable
{
    // Demanglers and expression readers recurse to their own limits, which are tuned for this.
    private const int StackBytes = 8 << 20;

    private readonly Lock _lock = new();
    private readonly Queue<CpuWork> _queue = new();
    private readonly SemaphoreSlim _places;
    private readonly SemaphoreSlim _items = new(0);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CpuLane _lane;
    private readonly ServiceMetrics _metrics;
    private int _threads;
    private bool _closed;

    public CpuLaneQueue(CpuLane lane, int threads, int length, ServiceMetrics metrics)
    {
        _lane = lane;
        _metrics = metrics;
        _places = new SemaphoreSlim(length);
        _threads = threads;
        for (int i = 0; i < threads; i++)
        {
            var thread = new Thread(RunLoop, StackBytes)
            {
                Name = $"cpu-{(lane == CpuLane.Quick ? "quick" : "build")}-{i}",
                IsBackground = true,
            };
            thread.UnsafeStart();
        }
    }

    /// <summary>Completes when the last thread has ended after <see cref="Close"/>.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Waits for a place in the queue.</summary>
    public async Task EnqueueAsync(CpuWork work, CancellationToken ct)
    {
        await _places.WaitAsync(ct);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _queue.Enqueue(work);
        }

        _metrics.QueueDepth(_lane, 1);
        _items.Release();
    }

    /// <summary>Abandons what waits and lets the threads end.</summary>
    public void Close()
    {
        CpuWork[] waiting;
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            waiting = [.. _queue];
            _queue.Clear();
        }

        foreach (var work in waiting)
        {
            _metrics.QueueDepth(_lane, -1);
            work.Abandon();
        }

        _items.Release(_threads);
    }

    /// <summary>After <see cref="Ended"/>.</summary>
    public void Dispose()
    {
        _places.Dispose();
        _items.Dispose();
    }

    private void RunLoop()
    {
        while (TryTake(out var work))
        {
            _places.Release();
            _metrics.QueueDepth(_lane, -1);
            _metrics.QueueWait(_lane, Stopwatch.GetElapsedTime(work.EnqueuedAt));
            work.Run();
        }

        if (Interlocked.Decrement(ref _threads) == 0)
        {
            _ended.TrySetResult();
        }
    }

    private bool TryTake([NotNullWhen(true)] out CpuWork? work)
    {
        while (true)
        {
            _items.Wait();
            lock (_lock)
            {
                if (_queue.TryDequeue(out work))
                {
                    return true;
                }

                if (_closed)
                {
                    return false;
                }
            }
        }
    }
}
