using System.CommandLine;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Commands;

/// <summary><c>cleanup</c>: deletes expired cache files, once or again and again.</summary>
internal static class CleanupCommand
{
    public static Command Create(Option<string?> config)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be deleted." };
        var repeat = new Option<string?>("--repeat")
        {
            Description = "Repeat, after the interval given or configured (cache_cleanup_interval).",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "INTERVAL",
        };
        var command = new Command("cleanup", "Delete expired files from the caches.") { dryRun, repeat };
        command.SetAction((result, ct) => RunAsync(
            ConfigFile.Load(result.GetValue(config)).Caches,
            result.GetValue(dryRun),
            result.GetResult(repeat) is null ? null : result.GetValue(repeat) ?? "",
            ct));
        return command;
    }

    private static async Task<int> RunAsync(CacheOptions options, bool dryRun, string? repeat, CancellationToken ct)
    {
        string root = options.Directory ?? throw new ConfigException("cache_dir: not set, there is nothing to clean up");
        TimeSpan? interval = repeat switch
        {
            null => null,
            "" => options.CleanupInterval,
            _ => HumanDuration.TryParse(repeat, out var given) && given > TimeSpan.Zero
                ? given
                : throw new ConfigException("--repeat: expected a duration such as '15m'"),
        };

        var sweeper = new CacheSweeper(root, options, TimeProvider.System);
        try
        {
            Report(sweeper.Sweep(dryRun, ct), dryRun);
            if (interval is { } period)
            {
                using var timer = new PeriodicTimer(period);
                while (await timer.WaitForNextTickAsync(ct))
                {
                    Report(sweeper.Sweep(dryRun, ct), dryRun);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // SIGTERM or SIGINT ends the repetition.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"cache_dir: cannot be swept: {e.Message}");
        }

        return 0;
    }

    private static void Report(IReadOnlyList<SweepReport> reports, bool dryRun)
    {
        foreach (var report in reports)
        {
            Console.WriteLine(
                $"{report.Cache}: {(dryRun ? "would delete" : "deleted")} {report.DeletedFiles} files ({report.DeletedBytes} bytes), "
                + $"kept {report.KeptFiles} files ({report.KeptBytes} bytes)");
        }
    }
}
