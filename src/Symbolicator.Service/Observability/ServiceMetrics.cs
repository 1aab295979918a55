using System.Diagnostics.Metrics;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Trail;

namespace Symbolicator.Service.Observability;

/// <summary>
/// All measurements of the service. Tags are small closed sets, never ids, paths or hosts: each combination is a
/// time series of its own.
/// </summary>
internal sealed class ServiceMetrics
{
    public const string MeterName = "Symbolicator";

    private static readonly string[] StatusNames = [.. Enum.GetNames<ObjectStatus>().Select(Snake)];
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

    private readonly Histogram<double> _requestDuration;
    private readonly UpDownCounter<long> _jobsRunning;
    private readonly Counter<long> _jobsRejected;
    private readonly Histogram<double> _jobDuration;
    private readonly Counter<long> _cacheLookups;
    private readonly Counter<long> _cacheUncached;
    private readonly Histogram<double> _buildDuration;
    private readonly Counter<long> _buildBytesIn;
    private readonly Counter<long> _buildBytesOut;
    private readonly Histogram<double> _downloadDuration;
    private readonly Counter<long> _downloadBytes;
    private readonly Counter<long> _downloadRetries;
    private readonly UpDownCounter<long> _queueDepth;
    private readonly Histogram<double> _queueWait;
    private readonly UpDownCounter<long> _leases;
    private readonly UpDownCounter<long> _mappedBytes;
    private readonly Counter<long> _faults;
    private readonly Counter<long> _sweptFiles;
    private readonly Counter<long> _sweptBytes;

    public ServiceMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds };
        _requestDuration = meter.CreateHistogram("symbolicator.request.duration", "s", "Time to answer a request.", null, advice);
        _jobsRunning = meter.CreateUpDownCounter<long>("symbolicator.job.running", "{job}", "Jobs that run.");
        _jobsRejected = meter.CreateCounter<long>("symbolicator.job.rejected", "{job}", "Jobs refused because too many run.");
        _jobDuration = meter.CreateHistogram("symbolicator.job.duration", "s", "Time from admission to the result of a job.", null, advice);
        _cacheLookups = meter.CreateCounter<long>("symbolicator.cache.lookup", "{lookup}", "Lookups by cache, layer that answered and outcome.");
        _cacheUncached = meter.CreateCounter<long>("symbolicator.cache.uncached", "{entry}", "Entries served without being cached, as the disk was full.");
        _buildDuration = meter.CreateHistogram("symbolicator.build.duration", "s", "Time to convert a debug file.", null, advice);
        _buildBytesIn = meter.CreateCounter<long>("symbolicator.build.input", "By", "Bytes of converted debug files.");
        _buildBytesOut = meter.CreateCounter<long>("symbolicator.build.output", "By", "Bytes of the results of conversion.");
        _downloadDuration = meter.CreateHistogram("symbolicator.download.duration", "s", "Time to fetch a file, all attempts.", null, advice);
        _downloadBytes = meter.CreateCounter<long>("symbolicator.download.size", "By", "Bytes received.");
        _downloadRetries = meter.CreateCounter<long>("symbolicator.download.retry", "{attempt}", "Attempts after the first.");
        _queueDepth = meter.CreateUpDownCounter<long>("symbolicator.cpu.queue", "{item}", "Work that waits for a thread.");
        _queueWait = meter.CreateHistogram("symbolicator.cpu.wait", "s", "Time that work waited for a thread.", null, advice);
        _leases = meter.CreateUpDownCounter<long>("symbolicator.cache.leases", "{lease}", "Open artifacts in use.");
        _mappedBytes = meter.CreateUpDownCounter<long>("symbolicator.cache.mapped", "By", "Bytes of open artifacts.");
        _faults = meter.CreateCounter<long>("symbolicator.parse.fault", "{file}", "Files that could not be read, by format and reason.");
        _sweptFiles = meter.CreateCounter<long>("symbolicator.cache.swept.files", "{file}", "Files deleted by the sweeper.");
        _sweptBytes = meter.CreateCounter<long>("symbolicator.cache.swept.size", "By", "Bytes deleted by the sweeper.");
    }

    public void RequestEnded(string route, int status, TimeSpan elapsed) =>
        _requestDuration.Record(elapsed.TotalSeconds, Tag("route", route), Tag("status_code", status));

    public void JobStarted() => _jobsRunning.Add(1);

    public void JobRejected() => _jobsRejected.Add(1);

    public void JobEnded(string kind, string outcome, TimeSpan elapsed)
    {
        _jobsRunning.Add(-1);
        _jobDuration.Record(elapsed.TotalSeconds, Tag("kind", kind), Tag("outcome", outcome));
    }

    public void CacheLookup(string cache, AnswerOrigin layer, ObjectStatus outcome) =>
        _cacheLookups.Add(1, Tag("cache", cache), Tag("layer", layer switch
        {
            AnswerOrigin.Memory => "memory",
            AnswerOrigin.Disk => "disk",
            _ => "computed",
        }), Tag("outcome", StatusNames[(int)outcome]));

    public void ServedUncached(string cache) => _cacheUncached.Add(1, Tag("cache", cache));

    public void Built(string artifact, ObjectStatus outcome, TimeSpan elapsed, long bytesIn, long bytesOut)
    {
        _buildDuration.Record(elapsed.TotalSeconds, Tag("artifact", artifact), Tag("outcome", StatusNames[(int)outcome]));
        _buildBytesIn.Add(bytesIn, Tag("artifact", artifact));
        _buildBytesOut.Add(bytesOut, Tag("artifact", artifact));
    }

    public void Downloaded(string sourceType, ObjectStatus outcome, TimeSpan elapsed, long bytes)
    {
        _downloadDuration.Record(elapsed.TotalSeconds, Tag("source_type", sourceType), Tag("outcome", StatusNames[(int)outcome]));
        _downloadBytes.Add(bytes, Tag("source_type", sourceType));
    }

    public void DownloadRetried(string sourceType) => _downloadRetries.Add(1, Tag("source_type", sourceType));

    public void QueueDepth(CpuLane lane, int change) => _queueDepth.Add(change, Tag("lane", LaneName(lane)));

    public void QueueWait(CpuLane lane, TimeSpan wait) => _queueWait.Record(wait.TotalSeconds, Tag("lane", LaneName(lane)));

    public void Leases(string cache, int change) => _leases.Add(change, Tag("cache", cache));

    public void Mapped(string cache, long change) => _mappedBytes.Add(change, Tag("cache", cache));

    public void Fault(string format, string reason) => _faults.Add(1, Tag("format", format), Tag("reason", reason));

    public void Swept(string cache, long files, long bytes)
    {
        _sweptFiles.Add(files, Tag("cache", cache));
        _sweptBytes.Add(bytes, Tag("cache", cache));
    }

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);

    private static string LaneName(CpuLane lane) => lane == CpuLane.Quick ? "quick" : "build";

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => i > 0 && char.IsAsciiLetterUpper(c) ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));
}
