namespace Symbolicator.Service.Scheduling;

/// <summary>
/// Admits conversions by the size of their input, first come first served. An input larger than the whole budget is
/// admitted alone, so that nothing waits forever.
/// </summary>
internal sealed class BuildBudget(long capacity)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = new();
    private long _used;
    private int _running;

    /// <summary>Waits for admission; dispose the result to give it back.</summary>
    public async Task<IDisposable> EnterAsync(long bytes, CancellationToken ct)
    {
        bytes = Math.Clamp(bytes, 0, capacity);
        LinkedListNode<Waiter> node;
        lock (_lock)
        {
            if (_waiting.First is null && Fits(bytes))
            {
                return Admit(bytes);
            }

            node = _waiting.AddLast(new Waiter(bytes));
        }

        await using var registration = ct.UnsafeRegister(_ => Leave(node, ct), null);
        return await node.Value.Admission.Task;
    }

    private bool Fits(long bytes) => _running == 0 || bytes <= capacity - _used;

    private Slot Admit(long bytes)
    {
        _used += bytes;
        _running++;
        return new Slot(this, bytes);
    }

    private void Leave(LinkedListNode<Waiter> node, CancellationToken ct)
    {
        lock (_lock)
        {
            if (node.List is null)
            {
                return;
            }

            _waiting.Remove(node);
            AdmitWaiting();
        }

        node.Value.Admission.TrySetCanceled(ct);
    }

    private void Release(long bytes)
    {
        lock (_lock)
        {
            _used -= bytes;
            _running--;
            AdmitWaiting();
        }
    }

    private void AdmitWaiting()
    {
        while (_waiting.First is { } first && Fits(first.Value.Bytes))
        {
            _waiting.RemoveFirst();
            first.Value.Admission.SetResult(Admit(first.Value.Bytes));
        }
    }

    private sealed record Waiter(long Bytes)
    {
        public TaskCompletionSource<IDisposable> Admission { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Slot(BuildBudget budget, long bytes) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                budget.Release(bytes);
            }
        }
    }
}
