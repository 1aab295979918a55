using System.Text.Json;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Caching;

/// <summary>What a sweep deleted and what it left, per cache.</summary>
internal sealed record SweepReport(string Cache, long DeletedFiles, long DeletedBytes, long KeptFiles, long KeptBytes);

/// <summary>
/// Deletes cache files by age. Safe beside a running service: readers keep what they have open, and what is missed
/// is made again.
/// </summary>
internal sealed class CacheSweeper(string root, CacheOptions options, TimeProvider time)
{
    private const string SidecarSuffix = ".json";
    private const string NegativeSuffix = ".miss.json";

    // A description is published a moment before its file.
    private static readonly TimeSpan OrphanAge = TimeSpan.FromHours(1);

    /// <summary>What cannot be looked into does not end the sweep.</summary>
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.None,
    };

    // A clock that runs ahead dates files into the future, where they would never grow old.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    /// <summary>Walks all caches, all versions. Errors at single files are left for the next time.</summary>
    public IReadOnlyList<SweepReport> Sweep(bool dryRun, CancellationToken ct) =>
        [.. CacheName.All.Select(cache => SweepCache(cache, dryRun, ct))];

    private SweepReport SweepCache(CacheName cache, bool dryRun, CancellationToken ct)
    {
        string folder = Path.Join(root, cache.Name);
        long deletedFiles = 0, deletedBytes = 0, keptFiles = 0, keptBytes = 0;
        if (Directory.Exists(folder))
        {
            var ages = cache.IsDerived ? options.Derived : options.Downloaded;
            foreach (string path in Directory.EnumerateFiles(folder, "*", Everything))
            {
                ct.ThrowIfCancellationRequested();
                if (!TryMeasure(path, out var file))
                {
                    continue;
                }

                if (IsExpired(file, ages) && (dryRun || Delete(path)))
                {
                    deletedFiles++;
                    deletedBytes += file.Length;
                }
                else
                {
                    keptFiles++;
                    keptBytes += file.Length;
                }
            }

            if (!dryRun)
            {
                DeleteEmptyFolders(folder, ct);
            }
        }

        return new SweepReport(cache.Name, deletedFiles, deletedBytes, keptFiles, keptBytes);
    }

    private bool IsExpired(FileInfo file, CacheAges ages)
    {
        var now = time.GetUtcNow();
        if (file.Name.EndsWith(NegativeSuffix, StringComparison.Ordinal))
        {
            return IsMissExpired(file, ages, now);
        }

        if (file.Name.EndsWith(SidecarSuffix, StringComparison.Ordinal))
        {
            string payload = file.FullName[..^SidecarSuffix.Length];
            return !File.Exists(payload)
                ? now.UtcDateTime - file.LastWriteTimeUtc > OrphanAge
                : IsUnused(File.GetLastWriteTimeUtc(payload), ages, now);
        }

        return IsUnused(file.LastWriteTimeUtc, ages, now);
    }

    private static bool IsUnused(DateTime lastUse, CacheAges ages, DateTimeOffset now) =>
        now.UtcDateTime - lastUse > ages.MaxUnusedFor || (ages.MaxUnusedFor is not null && lastUse - now.UtcDateTime > ClockTolerance);

    private static bool IsMissExpired(FileInfo file, CacheAges ages, DateTimeOffset now)
    {
        try
        {
            using var stream = file.OpenRead();
            var miss = JsonSerializer.Deserialize(stream, CacheJsonContext.Default.NegativeEntry);
            return miss is null || !miss.IsPlausible(now) || NegativeLifetime.ExpiresAt(
                miss.Status, miss.IsPublic, DateTimeOffset.FromUnixTimeSeconds(miss.TimeCreated), ages, DateTimeOffset.MinValue) <= now;
        }
        catch (JsonException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool TryMeasure(string path, out FileInfo file)
    {
        file = new FileInfo(path);
        return file.Exists;
    }

    private static bool Delete(string path)
    {
        DiskCache.TryDelete(path);
        return !File.Exists(path);
    }

    /// <summary>Children first; the folder of the cache itself stays.</summary>
    private static void DeleteEmptyFolders(string folder, CancellationToken ct)
    {
        foreach (string child in Directory.EnumerateDirectories(folder, "*", Everything)
            .OrderByDescending(path => path.Length))
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                if (!Directory.EnumerateFileSystemEntries(child).Any())
                {
                    Directory.Delete(child);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody has just published into it.
            }
        }
    }
}
