using Symbolicator.Service.Caching;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Hosting;

/// <summary>
/// Where caches and jobs lie: the configured directory, or a private temporary one that lives as long as the process.
/// </summary>
internal sealed class WorkDirectory : IDisposable
{
    private const int WouldBlock = 11; // EWOULDBLOCK

    private readonly bool _isTemporary;
    private readonly FileStream _lock;

    /// <exception cref="ConfigException">It cannot be written to.</exception>
    public WorkDirectory(CacheOptions options, TimeProvider time)
    {
        _isTemporary = options.Directory is null;
        try
        {
            Root = options.Directory is null
                ? Directory.CreateTempSubdirectory("symbolicator-").FullName
                : Directory.CreateDirectory(Path.GetFullPath(options.Directory)).FullName;
            _lock = Lock(Root);
            Caches = new DiskCache(Root, time);
            Caches.WipeTemporaryFiles();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"cache_dir: cannot be written to: {e.Message}");
        }
    }

    public string Root { get; }

    public DiskCache Caches { get; }

    public void Dispose()
    {
        _lock.Dispose();
        if (!_isTemporary)
        {
            return;
        }

        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (IOException)
        {
            // The system clears its temporary directory.
        }
    }

    /// <summary>
    /// Two services would delete each other's temporary files and running jobs. The lock ends with the process,
    /// however that ends.
    /// </summary>
    private static FileStream Lock(string root)
    {
        try
        {
            return new FileStream(Path.Join(root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when ((e.HResult & 0xffff) == WouldBlock)
        {
            throw new ConfigException("cache_dir: in use by another running service");
        }
    }
}
