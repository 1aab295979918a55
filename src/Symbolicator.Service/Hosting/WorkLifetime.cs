using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Hosting;

/// <summary>How long work that several jobs share may go on.</summary>
internal sealed class WorkLifetime(IHostApplicationLifetime lifetime, JobOptions jobs)
{
    /// <summary>
    /// Cancelled when the host has stopped: downloads and conversions of jobs that may still end while it stops go on.
    /// </summary>
    public CancellationToken Stopping { get; } = lifetime.ApplicationStopped;

    /// <summary>For one download or conversion; nobody waits for longer than a job lasts.</summary>
    public TimeSpan MaxWork { get; } = jobs.MaxDuration;
}
