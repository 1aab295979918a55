using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Jobs;

/// <summary>
/// Counts running jobs and refuses more than may run. A slot is given back by disposing it, on every path; jobs own theirs.
/// </summary>
internal sealed class AdmissionControl(HttpOptions options)
{
    private const double Smoothing = 0.2;
    private static readonly TimeSpan MaxHint = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private double _meanSeconds = 1;
    private int _running;
    private bool _closed;

    /// <summary>Jobs that run now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>False once the service has begun to stop.</summary>
    public bool IsOpen => !Volatile.Read(ref _closed);

    /// <summary>False when a job would be refused right now; saves the client the upload.</summary>
    public bool HasRoom => IsOpen && !(Running >= options.MaxConcurrentRequests);

    /// <summary>A slot, or null when too many jobs run.</summary>
    public Slot? TryEnter()
    {
        lock (_lock)
        {
            if (!HasRoom)
            {
                return null;
            }

            _running++;
            return new Slot(this);
        }
    }

    /// <summary>Refuses all further jobs.</summary>
    public void Close() => Volatile.Write(ref _closed, true);

    /// <summary>When it may be worth to ask again: about as long as a job takes.</summary>
    public TimeSpan RetryAfter()
    {
        lock (_lock)
        {
            return TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(_meanSeconds), 1, MaxHint.TotalSeconds));
        }
    }

    public void Observe(TimeSpan jobDuration)
    {
        lock (_lock)
        {
            _meanSeconds += Smoothing * (jobDuration.TotalSeconds - _meanSeconds);
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            _running--;
        }
    }

    internal sealed class Slot(AdmissionControl owner) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                owner.Leave();
            }
        }
    }
}
