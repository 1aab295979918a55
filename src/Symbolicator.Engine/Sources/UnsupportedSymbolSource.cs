using Symbolicator.Engine.Sources.Layouts;

namespace Symbolicator.Engine.Sources;

/// <summary>
/// A source of a kind that this version can read from the configuration but not ask. It takes part in every search, so
/// that the answer says that it was skipped; the other sources still count.
/// </summary>
public sealed class UnsupportedSymbolSource(SourceConfig config) : ISymbolSource
{
    internal const string Reason = "sources of this type cannot be asked yet";

    public string Id => config.Id;

    public bool IsPublic => false;

    public IReadOnlyList<ObjectLocation> Locate(ObjectQuery query)
    {
        if (config is not LayoutSourceConfig layout)
        {
            return [new ObjectLocation("", "sentry://project_debug_file/", query.FileType)];
        }

        var (scheme, bucket, prefix) = config switch
        {
            S3SourceConfig s3 => ("s3", s3.Bucket, s3.Prefix.Trim('/')),
            GcsSourceConfig gcs => ("gs", gcs.Bucket, gcs.Prefix.Trim('/')),
            _ => throw new InvalidOperationException($"{config} is supported"),
        };
        string root = prefix.Length == 0 ? $"{scheme}://{bucket}/" : $"{scheme}://{bucket}/{prefix}/";
        var locations = new List<ObjectLocation>();
        foreach (string path in SymbolPaths.Locate(layout.Filters, layout.Layout, query))
        {
            locations.Add(new ObjectLocation(path, root + path, query.FileType));
        }

        return locations;
    }

    public Task<FetchOutcome> FetchAsync(ObjectLocation location, Stream destination, CancellationToken ct) =>
        Task.FromResult(new FetchOutcome(FetchStatus.Unsupported, Detail: Reason));
}
