namespace Symbolicator.Service.Observability;

/// <summary>
/// Everything that is logged. Ids: 1xxx requests and jobs, 2xxx caches, 3xxx sources, 4xxx pipeline, 5xxx start and stop.
/// Never headers, credentials, bodies or paths of requests.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Warning, "The cache directory has no room for an entry of {Cache}")]
    public static partial void DiskFull(ILogger log, string cache);

    [LoggerMessage(2002, LogLevel.Warning, "An entry of {Cache} is served without being cached")]
    public static partial void NotCached(ILogger log, Exception? e, string cache);

    [LoggerMessage(2003, LogLevel.Error, "Making {Hash} of {Cache} failed unexpectedly")]
    public static partial void BuildFailed(ILogger log, Exception e, string cache, string hash);

    [LoggerMessage(2004, LogLevel.Warning, "Entry {Hash} of {Cache} is damaged and was dropped")]
    public static partial void CacheEntryDropped(ILogger log, string cache, string hash);

    [LoggerMessage(2005, LogLevel.Information, "Swept {Files} files, {Bytes} bytes from the caches")]
    public static partial void Swept(ILogger log, long files, long bytes);

    [LoggerMessage(2007, LogLevel.Error, "An upload cannot be stored")]
    public static partial void UploadNotStored(ILogger log, Exception e);

    [LoggerMessage(2006, LogLevel.Warning, "Sweeping the caches failed")]
    public static partial void SweepFailed(ILogger log, Exception e);
}
