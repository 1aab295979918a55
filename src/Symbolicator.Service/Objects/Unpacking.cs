using Symbolicator.Engine.Objects;
using Symbolicator.Formats.Archives;
using Symbolicator.Service.Caching;

namespace Symbolicator.Service.Objects;

/// <summary>Takes one layer of compression off a fetched file.</summary>
internal static class Unpacking
{
    /// <param name="Content">The unpacked file; null when the file came as it is. Belongs to the caller.</param>
    /// <param name="Failure">Set when it cannot be unpacked.</param>
    /// <param name="Facts">With what was found out.</param>
    public readonly record struct Result(CacheOutput? Content, BuildOutcome? Failure, ObjectFacts Facts);

    public static Result Run(CacheOutput raw, CacheOutput target, long maxBytes, ObjectFacts facts, CancellationToken ct)
    {
        bool keep = false;
        try
        {
            using var bytes = raw.Open();
            var unpacked = Unpacker.Unpack(bytes, target, new UnpackLimits { Bytes = maxBytes }, ct);
            if (unpacked.Status == UnpackStatus.NotCompressed)
            {
                return new Result(null, null, facts);
            }

            facts = facts with
            {
                Compression = unpacked.Compression.ToString().ToLowerInvariant(),
                UnpackedBytes = unpacked.BytesOut,
                UnpackError = unpacked.Status == UnpackStatus.Unpacked ? null : unpacked.Detail ?? unpacked.Status.ToString(),
            };
            keep = unpacked.Status == UnpackStatus.Unpacked;
            return keep
                ? new Result(target, null, facts)
                : new Result(null, new BuildOutcome(ToStatus(unpacked.Status), unpacked.Detail, Facts: facts.ToJson()), facts);
        }
        finally
        {
            if (!keep)
            {
                target.DeleteTemporary();
                target.Dispose();
            }
        }
    }

    private static ObjectStatus ToStatus(UnpackStatus status) => status switch
    {
        UnpackStatus.TooLarge => ObjectStatus.TooLarge,
        UnpackStatus.Unsupported => ObjectStatus.Unsupported,
        _ => ObjectStatus.Malformed,
    };
}
