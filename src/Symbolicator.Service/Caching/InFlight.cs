namespace Symbolicator.Service.Caching;

/// <summary>A result that several callers use: each gets a share of its own and disposes it.</summary>
internal interface IShared<out T> : IDisposable
{
    /// <summary>Another share; only for who holds one.</summary>
    T Share();
}

/// <summary>
/// One computation per key, however many ask. A caller cancels its wait, never the work: that runs under the
/// lifetime of the service and its own deadline.
/// </summary>
internal sealed class InFlight<T>(TimeProvider time, TimeSpan deadline, CancellationToken lifetime)
    where T : class, IShared<T>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Flight> _flights = new(StringComparer.Ordinal);

    /// <summary>Joins the computation of this key or starts it.</summary>
    public async Task<T> GetAsync(string key, Func<CancellationToken, Task<T>> work, CancellationToken ct)
    {
        Flight? flight;
        bool start = false;
        lock (_lock)
        {
            if (!_flights.TryGetValue(key, out flight))
            {
                start = true;
                flight = new Flight();
                _flights.Add(key, flight);
            }

            flight.Callers++;
        }

        if (start)
        {
            // Not awaited here on purpose: it must survive this caller.
            _ = RunAsync(key, flight, work);
        }

        try
        {
            return (await flight.Result.Task.WaitAsync(ct)).Share();
        }
        finally
        {
            Leave(flight);
        }
    }

    private async Task RunAsync(string key, Flight flight, Func<CancellationToken, Task<T>> work)
    {
        using var timer = new CancellationTokenSource(deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, lifetime);
        try
        {
            flight.Result.SetResult(await work(both.Token));
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !lifetime.IsCancellationRequested)
        {
            flight.Result.SetException(new TimeoutException($"not done within {deadline}"));
        }
        catch (Exception e)
        {
            flight.Result.SetException(e);
        }

        lock (_lock)
        {
            _flights.Remove(key);
        }

        Leave(flight);
    }

    /// <summary>The last one out gives the shared result back.</summary>
    private void Leave(Flight flight)
    {
        lock (_lock)
        {
            if (--flight.Callers > 0)
            {
                return;
            }
        }

        if (flight.Result.Task.IsCompletedSuccessfully)
        {
            flight.Result.Task.GetAwaiter().GetResult().Dispose();
        }
        else
        {
            // Nobody may be left to look at it.
            _ = flight.Result.Task.Exception;
        }
    }

    private sealed class Flight
    {
        /// <summary>The work itself counts as one.</summary>
        public int Callers { get; set; } = 1;

        public TaskCompletionSource<T> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
