using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Observability;
using Symbolicator.Service.Sources;

namespace Symbolicator.Service.Objects;

/// <summary>Fetches a debug file, unpacks it and verifies what it is.</summary>
internal sealed class ObjectFetcher(
    ArtifactCache cache, ICpuScheduler cpu, ParseLimits limits, DownloadOptions downloads, TimeProvider time, ServiceMetrics metrics)
    : IDisposable
{
    private readonly SemaphoreSlim _parallel = new(downloads.MaxConcurrent);

    /// <summary>Builder for the cache of objects.</summary>
    public async Task<BuildOutcome> FetchAsync(
        ISymbolSource source, ObjectLocation location, ObjectQuery query, CacheOutput output, CancellationToken ct)
    {
        await _parallel.WaitAsync(ct);
        FetchOutcome fetched;
        var started = time.GetTimestamp();
        TimeSpan elapsed;
        try
        {
            fetched = await source.FetchAsync(location, output, ct);
        }
        finally
        {
            elapsed = time.GetElapsedTime(started);
            _parallel.Release();
        }

        var status = ToStatus(fetched.Status);
        metrics.Downloaded((source as ICredentialedSource)?.SourceType ?? "filesystem", status, elapsed, fetched.Bytes);
        var facts = new ObjectFacts { Bytes = fetched.Bytes, FetchSeconds = elapsed.TotalSeconds, Attempts = fetched.Attempts };
        if (status != ObjectStatus.Found)
        {
            return new BuildOutcome(status, fetched.Detail, fetched.HttpStatus, facts.ToJson());
        }

        var outcome = await cpu.RunAsync(CpuLane.Build, t => Examine(output, query, facts, t), ct);
        return outcome with { HttpStatus = fetched.HttpStatus };
    }

    public void Dispose() => _parallel.Dispose();

    private BuildOutcome Examine(CacheOutput raw, ObjectQuery query, ObjectFacts facts, CancellationToken ct)
    {
        var unpacked = Unpacking.Run(raw, cache.NewOutput(), downloads.MaxBytes, facts, ct);
        if (unpacked.Failure is { } failure)
        {
            return failure;
        }

        facts = unpacked.Facts;
        var content = unpacked.Content;
        try
        {
            return Identify(content ?? raw, query, facts) with { Content = content };
        }
        catch (MalformedFileException e)
        {
            content?.DeleteTemporary();
            content?.Dispose();
            metrics.Fault(e.Format.ToString(), e.Fault.Reason.ToString());
            facts = facts with { Format = e.Format, FaultReason = e.Fault.Reason, FaultOffset = e.Fault.Offset };
            var status = e.Fault.Reason == MalformedReason.Unsupported ? ObjectStatus.Unsupported : ObjectStatus.Malformed;
            return new BuildOutcome(status, e.Message, Facts: facts.ToJson());
        }
        catch
        {
            content?.DeleteTemporary();
            content?.Dispose();
            throw;
        }
    }

    private BuildOutcome Identify(CacheOutput content, ObjectQuery query, ObjectFacts facts)
    {
        using var bytes = content.Open();
        var objects = ObjectFormats.Open(bytes, limits);
        try
        {
            if (ObjectMatch.Choose(objects, query) is >= 0 and var index)
            {
                return new BuildOutcome(ObjectStatus.Found, Facts: Describe(facts, objects[index], index, matches: true).ToJson());
            }

            // In a file of several objects the wanted one is simply not there.
            return objects switch
            {
                [] => new BuildOutcome(ObjectStatus.Malformed, "the file holds no object", Facts: facts.ToJson()),
                [var only] => new BuildOutcome(
                    ObjectStatus.WrongFile, DescribeIdentity(only), Facts: Describe(facts, only, 0, matches: false).ToJson()),
                _ => new BuildOutcome(ObjectStatus.NotFound, "no object of the file has the id", Facts: facts.ToJson()),
            };
        }
        finally
        {
            foreach (var file in objects)
            {
                file.Dispose();
            }
        }
    }

    private static string DescribeIdentity(IObjectFile file) =>
        $"the file is {file.DebugId?.ToString() ?? "without debug id"}, {file.CodeId?.Hex ?? "without code id"}";

    private static ObjectFacts Describe(ObjectFacts facts, IObjectFile file, int index, bool matches) => facts with
    {
        Identity = ObjectIdentity.Of(file),
        Features = file.Features,
        Index = index,
        Matches = matches,
    };

    private static ObjectStatus ToStatus(FetchStatus status) => status switch
    {
        FetchStatus.Found => ObjectStatus.Found,
        FetchStatus.NotFound => ObjectStatus.NotFound,
        FetchStatus.Denied => ObjectStatus.Denied,
        FetchStatus.TimedOut => ObjectStatus.TimedOut,
        FetchStatus.TooLarge => ObjectStatus.TooLarge,
        FetchStatus.Unsupported => ObjectStatus.Unsupported,
        _ => ObjectStatus.Failed,
    };
}
