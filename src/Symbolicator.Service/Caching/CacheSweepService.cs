using Symbolicator.Engine.Scheduling;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Caching;

/// <summary>Sweeps the caches from time to time while the service runs.</summary>
internal sealed class CacheSweepService(
    DiskCache disk, CacheOptions options, ICpuScheduler cpu, TimeProvider time, ServiceMetrics metrics, ILogger<CacheSweepService> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.CleanupEnabled)
        {
            return;
        }

        var sweeper = new CacheSweeper(disk.Root, options, time);
        using var timer = new PeriodicTimer(options.CleanupInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SweepAsync(sweeper, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }

    private async Task SweepAsync(CacheSweeper sweeper, CancellationToken ct)
    {
        try
        {
            var reports = await cpu.RunAsync(CpuLane.Build, t => sweeper.Sweep(dryRun: false, t), ct);
            foreach (var report in reports)
            {
                metrics.Swept(report.Cache, report.DeletedFiles, report.DeletedBytes);
            }

            Log.Swept(log, reports.Sum(report => report.DeletedFiles), reports.Sum(report => report.DeletedBytes));
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Log.SweepFailed(log, e);
        }
    }
}
