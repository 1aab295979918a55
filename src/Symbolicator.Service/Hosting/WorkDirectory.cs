using Symbolicator.Service.Caching;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Hosting;

/// <summary>
/// Where caches and jobs lie: the configured directory, or a private temporary one that lives as long as the process.
/// </summary>
internal sealed class WorkDirectory : IDisposable
{
    private readonly bool _isTemporary;

    /// <exception cref="ConfigException">It cannot be written to.</exception>
    public WorkDirectory(CacheOptions options, TimeProvider time)
    {
        _isTemporary = options.Directory is null;
        try
        {
            Root = options.Directory is null
                ? Directory.CreateTempSubdirectory("symbolicator-").FullName
                : Directory.CreateDirectory(Path.GetFullPath(options.Directory)).FullName;
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
}
