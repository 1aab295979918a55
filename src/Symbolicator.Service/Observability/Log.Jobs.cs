namespace Symbolicator.Service.Observability;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Job {Id} ({Kind}) {Outcome} after {Milliseconds:F0} ms")]
    public static partial void JobEnded(ILogger log, Guid id, string kind, string outcome, double milliseconds);

    [LoggerMessage(1002, LogLevel.Error, "Job {Id} failed unexpectedly")]
    public static partial void JobFailed(ILogger log, Exception e, Guid id);

    [LoggerMessage(1003, LogLevel.Warning, "The result of job {Id} could not be stored and stays in memory")]
    public static partial void ResultNotStored(ILogger log, Exception e, Guid id);

    [LoggerMessage(1004, LogLevel.Warning, "The result of job {Id} could not be deleted")]
    public static partial void ResultNotDeleted(ILogger log, Exception e, Guid id);

    [LoggerMessage(1005, LogLevel.Information, "{Method} {Route} answered {Status} after {Milliseconds:F0} ms")]
    public static partial void RequestEnded(ILogger log, string method, string route, int status, double milliseconds);

    [LoggerMessage(1006, LogLevel.Error, "{Method} {Route} failed unexpectedly")]
    public static partial void RequestFailed(ILogger log, Exception e, string method, string route);

    [LoggerMessage(1007, LogLevel.Warning, "The description of job {Id} could not be stored")]
    public static partial void RequestNotStored(ILogger log, Exception e, Guid id);

    [LoggerMessage(5001, LogLevel.Information, "Stopping: no more jobs are admitted, {Running} still run")]
    public static partial void Draining(ILogger log, int running);

    [LoggerMessage(5002, LogLevel.Warning, "Configuration: {Warning}")]
    public static partial void ConfigurationWarning(ILogger log, string warning);

    [LoggerMessage(5004, LogLevel.Warning, "Compressed debug files cannot all be read: {Reason}")]
    public static partial void MissingLibrary(ILogger log, string reason);

    [LoggerMessage(5003, LogLevel.Information, "Listening on {Addresses}")]
    public static partial void Listening(ILogger log, string addresses);
}
