using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Symbolicator.Formats.Core;

namespace Symbolicator.Service.Caching;

/// <summary>
/// The files of the caches. Everything is written to <c>tmp</c>, made durable and renamed into place: a reader sees
/// a whole file or none. Published files are never changed, only replaced or unlinked.
/// </summary>
internal sealed class DiskCache
{
    private const string SidecarSuffix = ".json";
    private const string NegativeSuffix = ".miss.json";
    private const long MaxRecordBytes = 1 << 20;
    private static readonly TimeSpan TouchInterval = TimeSpan.FromHours(1);
    private readonly TimeProvider _time;
    private readonly string _tmp;
    private long _tmpNumber;

    public DiskCache(string root, TimeProvider time)
    {
        Root = root;
        _time = time;
        _tmp = Path.Join(root, "tmp");
    }

    public string Root { get; }

    /// <summary>Deletes what an earlier process left half written. Called once, before anything else.</summary>
    public void WipeTemporaryFiles()
    {
        if (Directory.Exists(_tmp))
        {
            Directory.Delete(_tmp, recursive: true);
        }

        CreatePrivateDirectory(_tmp);
    }

    /// <summary>For files that live as long as one piece of work.</summary>
    public string TemporaryDirectory => _tmp;

    /// <summary>A name in <c>tmp</c> that nobody else has.</summary>
    public string NewTemporaryPath() =>
        Path.Join(_tmp, $"{Environment.ProcessId}-{Interlocked.Increment(ref _tmpNumber)}");

    /// <summary>The entry of a key; null when there is none or it is damaged beyond its length.</summary>
    public (CacheSidecar Sidecar, FileBytes Bytes)? TryOpen(CacheKey key)
    {
        string path = PathOf(key);
        var sidecar = TryReadRecord(path + SidecarSuffix, CacheJsonContext.Default.CacheSidecar);
        if (sidecar is null or { IsPlausible: false })
        {
            return null;
        }

        MappedFileBytes bytes;
        try
        {
            bytes = MappedFileBytes.Open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        if (bytes.Length != sidecar.Length)
        {
            bytes.Dispose();
            Delete(key);
            return null;
        }

        Touch(path);
        return (sidecar, bytes);
    }

    public NegativeEntry? TryReadNegative(CacheKey key) =>
        TryReadRecord(PathOf(key) + NegativeSuffix, CacheJsonContext.Default.NegativeEntry) is { } entry
        && entry.IsPlausible(_time.GetUtcNow())
            ? entry
            : null;

    /// <summary>Moves a finished temporary file into place.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void Publish(CacheKey key, string temporaryPath, CacheSidecar sidecar)
    {
        string path = PathOf(key);

        // The description first: a file is only looked at when it is there.
        WriteRecord(path + SidecarSuffix, sidecar, CacheJsonContext.Default.CacheSidecar, durable: true);
        Move(temporaryPath, path);
        File.Delete(path + NegativeSuffix);
    }

    /// <summary>Not made durable: a failure that is forgotten is found out again.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public void PublishNegative(CacheKey key, NegativeEntry entry) =>
        WriteRecord(PathOf(key) + NegativeSuffix, entry, CacheJsonContext.Default.NegativeEntry, durable: false);

    /// <summary>Forgets a key; who has its file open keeps it.</summary>
    public void Delete(CacheKey key)
    {
        string path = PathOf(key);
        TryDelete(path);
        TryDelete(path + SidecarSuffix);
        TryDelete(path + NegativeSuffix);
    }

    /// <summary>With its parents, for the owner only.</summary>
    public static void CreatePrivateDirectory(string path) =>
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays until the sweeper or an operator comes by.
        }
    }

    private string PathOf(CacheKey key) => Path.Join(Root, key.RelativePath);

    private void Touch(string path)
    {
        try
        {
            var now = _time.GetUtcNow().UtcDateTime;
            // Either way: a file from the future would never be swept.
            if ((now - File.GetLastWriteTimeUtc(path)).Duration() >= TouchInterval)
            {
                File.SetLastWriteTimeUtc(path, now);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The time of last use is a hint.
        }
    }

    private void WriteRecord<T>(string path, T record, JsonTypeInfo<T> type, bool durable)
    {
        string temporary = NewTemporaryPath();
        try
        {
            using (var file = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                JsonSerializer.Serialize(file, record, type);
                file.Flush(flushToDisk: durable);
            }

            Move(temporary, path);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    private static void Move(string from, string to)
    {
        for (int attempt = 0; ; attempt++)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            try
            {
                File.Move(from, to, overwrite: true);
                return;
            }
            catch (DirectoryNotFoundException) when (attempt < 3)
            {
                // The sweeper removed the empty folder in between.
            }
        }
    }

    private static T? TryReadRecord<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            using var file = File.OpenRead(path);
            return file.Length > MaxRecordBytes ? null : JsonSerializer.Deserialize(file, type);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
