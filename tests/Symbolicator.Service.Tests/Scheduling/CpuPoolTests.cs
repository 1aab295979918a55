using System.Collections.Concurrent;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Scheduling;
using Symbolicator.Service.Tests.Hosting;

namespace Symbolicator.Service.Tests.Scheduling;

public sealed class CpuPoolTests : IAsyncDisposable
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    private readonly TestMetrics _metrics = new();
    private readonly CpuPool _pool;

    public CpuPoolTests()
    {
        _pool = new CpuPool(new CpuOptions { QuickThreads = 1, BuildThreads = 2, QueueLength = 1 }, _metrics.Service);
    }

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Work_runs_on_named_threads_of_its_lane()
    {
        Assert.Equal("cpu-quick-0", await _pool.RunAsync(CpuLane.Quick, _ => Thread.CurrentThread.Name, default));
        Assert.StartsWith("cpu-build-", await _pool.RunAsync(CpuLane.Build, _ => Thread.CurrentThread.Name, default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_builds_do_not_delay_quick_work()
    {
        using var release = new ManualResetEventSlim();
        var builds = Enumerable.Range(0, 2).Select(_ => _pool.RunAsync(CpuLane.Build, t => release.Wait(Guard, t), default)).ToArray();

        Assert.Equal(5, await _pool.RunAsync(CpuLane.Quick, _ => 5, default).WaitAsync(Guard));

        release.Set();
        Assert.All(await Task.WhenAll(builds), Assert.True);
    }

    [Fact]
    public async Task An_exception_of_the_work_reaches_the_caller_and_the_thread_lives_on()
    {
        await Assert.ThrowsAsync<InvalidTimeZoneException>(
            () => _pool.RunAsync<int>(CpuLane.Quick, _ => throw new InvalidTimeZoneException(), default));

        Assert.Equal(1, await _pool.RunAsync(CpuLane.Quick, _ => 1, default));
    }

    [Fact]
    public async Task Giving_up_ends_the_wait_for_a_thread_and_the_work_never_runs()
    {
        using var release = new ManualResetEventSlim();
        using var leaving = new CancellationTokenSource();
        var busy = _pool.RunAsync(CpuLane.Quick, t => release.Wait(Guard, t), default);
        bool ran = false;
        var waiting = _pool.RunAsync(CpuLane.Quick, _ => ran = true, leaving.Token);
        var withoutPlace = _pool.RunAsync(CpuLane.Quick, _ => ran = true, leaving.Token);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => withoutPlace);
        release.Set();
        await busy;
        Assert.Equal(1, await _pool.RunAsync(CpuLane.Quick, _ => 1, default));
        Assert.False(ran);
    }

    [Fact]
    public async Task A_full_queue_lets_the_caller_wait_and_loses_nothing()
    {
        var seen = new ConcurrentBag<int>();

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => _pool.RunAsync(CpuLane.Quick, _ =>
        {
            seen.Add(i);
            return i;
        }, default)));

        Assert.Equal(Enumerable.Range(0, 100), seen.Order());
    }

    [Fact]
    public async Task Closing_cancels_what_waits_and_awaits_what_runs()
    {
        var pool = new CpuPool(new CpuOptions { QuickThreads = 1, BuildThreads = 1, QueueLength = 8 }, _metrics.Service);
        using var started = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var running = pool.RunAsync(CpuLane.Quick, t =>
        {
            started.Set();
            return release.Wait(Guard, t);
        }, default);
        Assert.True(started.Wait(Guard));
        var waiting = pool.RunAsync(CpuLane.Quick, _ => 1, default);

        var closing = pool.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.False(closing.IsCompleted);
        release.Set();
        await closing;

        Assert.True(await running);
    }
}
