using Symbolicator.Engine.Objects;
using Symbolicator.Service.Configuration;

namespace Symbolicator.Service.Caching;

/// <summary>
/// For how long a failure is believed. What says something of the file lasts long, what says something of the
/// network or of us is asked again soon.
/// </summary>
internal static class NegativeLifetime
{
    private static readonly TimeSpan Transient = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Internal = TimeSpan.FromMinutes(1);

    /// <summary>When the entry stops being believed; null for never.</summary>
    public static DateTimeOffset? ExpiresAt(
        ObjectStatus status, bool isPublic, DateTimeOffset created, CacheAges ages, DateTimeOffset processStart)
    {
        var misses = isPublic ? ages.RetryMissesAfterPublic : ages.RetryMissesAfter;
        return status switch
        {
            ObjectStatus.NotFound or ObjectStatus.Denied => created + misses,
            ObjectStatus.TimedOut or ObjectStatus.Failed => created + Least(misses, Transient),
            ObjectStatus.Internal => created + Least(misses, Internal),

            // A newer version may read what an older one could not.
            _ => created < processStart ? created : created + ages.RetryMalformedAfter,
        };
    }

    /// <summary>True when the failure is worth a file: it will be believed after a restart too.</summary>
    public static bool IsPersisted(ObjectStatus status) => status is not (ObjectStatus.Found or ObjectStatus.Internal);

    private static TimeSpan Least(TimeSpan? a, TimeSpan b) => a < b ? a.Value : b;
}
