using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Objects;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Trail;

/// <summary>
/// What was done for one module during one request: places where its files were looked for, and steps that belong to no
/// place. Bounded; what does not fit is counted. Safe to use from several threads.
/// </summary>
public sealed class ModuleTrail
{
    /// <summary>Places remembered.</summary>
    public const int MaxCandidates = 1024;

    /// <summary>Steps remembered for the module and for each place.</summary>
    public const int MaxSteps = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Source, string Location), CandidateTrail> _candidates = [];
    private readonly List<LookupStep> _steps = [];
    private long _dropped;

    /// <summary>Steps and places that were not kept.</summary>
    public long Dropped
    {
        get
        {
            lock (_lock)
            {
                return _dropped;
            }
        }
    }

    /// <summary>Steps of no particular place, in order.</summary>
    public IReadOnlyList<LookupStep> Steps
    {
        get
        {
            lock (_lock)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>Places by source and location, in the order of their bytes.</summary>
    public IReadOnlyList<CandidateTrail> Candidates
    {
        get
        {
            lock (_lock)
            {
                return [.. _candidates.Values.OrderBy(c => c.Source, Utf8Order.Instance).ThenBy(c => c.Location, Utf8Order.Instance)];
            }
        }
    }

    public void Add(LookupStep step)
    {
        lock (_lock)
        {
            if (_steps.Count < MaxSteps)
            {
                _steps.Add(step);
            }
            else
            {
                _dropped++;
            }
        }
    }

    /// <summary>A source that has no place for any file of the module.</summary>
    public void AddNothingListed(string source) =>
        Add(source, CandidateInfo.NothingListed, ObjectStatus.NotFound, null, ObjectFeatures.None, [new LookupStep.Asked(source, null)]);

    /// <summary>A place that was looked at. A second look at the same place adds nothing.</summary>
    public void Add(StoredObject stored) =>
        Add(stored.Source.Id, stored.Location.Uri, stored.Status, stored.Detail, stored.Features, stored.Steps);

    /// <summary>The file of a place was chosen for a purpose.</summary>
    public void AddUse(StoredObject stored, LookupStep.Used use, IReadOnlyList<LookupStep> steps)
    {
        lock (_lock)
        {
            var key = (stored.Source.Id, stored.Location.Uri);
            if (_candidates.TryGetValue(key, out var candidate))
            {
                _candidates[key] = candidate with { Steps = Append(candidate.Steps, [use, .. steps]) };
            }
        }
    }

    private void Add(
        string source, string location, ObjectStatus status, string? detail, ObjectFeatures features, IReadOnlyList<LookupStep> steps)
    {
        lock (_lock)
        {
            if (_candidates.ContainsKey((source, location)))
            {
                return;
            }

            if (_candidates.Count < MaxCandidates)
            {
                _candidates.Add((source, location), new CandidateTrail(source, location, status, detail, features, Append([], steps)));
            }
            else
            {
                _dropped++;
            }
        }
    }

    private IReadOnlyList<LookupStep> Append(IReadOnlyList<LookupStep> steps, IReadOnlyList<LookupStep> more)
    {
        int room = Math.Min(more.Count, MaxSteps - steps.Count);
        _dropped += more.Count - room;
        return [.. steps, .. more.Take(room)];
    }
}

/// <summary>What was done at one place.</summary>
/// <param name="Source">Id of the source.</param>
/// <param name="Location">URI.</param>
/// <param name="Status">How the download ended.</param>
/// <param name="Detail">For people.</param>
/// <param name="Features">Of the file, when found.</param>
/// <param name="Steps">In order.</param>
public sealed record CandidateTrail(
    string Source, string Location, ObjectStatus Status, string? Detail, ObjectFeatures Features, IReadOnlyList<LookupStep> Steps);

/// <summary>Order of the UTF-8 bytes of texts, which differs from that of UTF-16 for surrogates.</summary>
file sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var left = (x ?? "").EnumerateRunes();
        var right = (y ?? "").EnumerateRunes();
        while (true)
        {
            bool leftEnds = !left.MoveNext();
            bool rightEnds = !right.MoveNext();
            if (leftEnds || rightEnds)
            {
                return rightEnds.CompareTo(leftEnds);
            }

            int order = left.Current.CompareTo(right.Current);
            if (order != 0)
            {
                return order;
            }
        }
    }
}
