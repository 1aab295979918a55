using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Trail;

/// <summary>The trail as the wire shows it.</summary>
internal static class CandidateView
{
    /// <summary>Unique, by source and location; null when there are none.</summary>
    public static IReadOnlyList<CandidateInfo>? Of(ModuleTrail trail)
    {
        var candidates = trail.Candidates;
        return candidates.Count == 0 ? null : [.. candidates.Select(ToInfo)];
    }

    public static FeatureInfo ToInfo(ObjectFeatures features) => new()
    {
        HasDebugInfo = features.HasFlag(ObjectFeatures.DebugInfo),
        HasUnwindInfo = features.HasFlag(ObjectFeatures.UnwindInfo),
        HasSymbols = features.HasFlag(ObjectFeatures.Symbols),
        HasSources = features.HasFlag(ObjectFeatures.Sources),
    };

    private static CandidateInfo ToInfo(CandidateTrail candidate) => new()
    {
        Source = candidate.Source,
        Location = candidate.Location,
        Download = Download(candidate),
        Unwind = Use(candidate, ObjectPurpose.Unwind),
        Debug = Use(candidate, ObjectPurpose.Debug),
    };

    private static CandidateDownload Download(CandidateTrail candidate) => candidate.Status switch
    {
        ObjectStatus.Found => new() { Status = DownloadStatus.Ok, Features = ToInfo(candidate.Features), Details = Shortcoming(candidate) },
        ObjectStatus.NotFound => new() { Status = DownloadStatus.NotFound },
        ObjectStatus.Malformed or ObjectStatus.TooLarge => new() { Status = DownloadStatus.Malformed, Details = candidate.Detail },
        ObjectStatus.Denied => new() { Status = DownloadStatus.NoPermission, Details = candidate.Detail ?? "" },
        var other => new() { Status = DownloadStatus.Error, Details = Describe(other, candidate.Detail) },
    };

    private static CandidateUse? Use(CandidateTrail candidate, ObjectPurpose purpose) =>
        candidate.Steps.OfType<LookupStep.Used>().LastOrDefault(use => use.Purpose == purpose) switch
        {
            null => null,
            { Status: ObjectStatus.Found } => new() { Status = UseStatus.Ok, Details = AnotherAge(candidate) },
            { Status: ObjectStatus.Malformed or ObjectStatus.TooLarge } use => new() { Status = UseStatus.Malformed, Details = use.Detail },
            { } use => new() { Status = UseStatus.Error, Details = Describe(use.Status, use.Detail) },
        };

    private static string? AnotherAge(CandidateTrail candidate) =>
        candidate.Steps.OfType<LookupStep.AgeDiffered>().FirstOrDefault() is { } step
            ? $"the file has age {step.Actual}, the module asks for {step.Wanted}"
            : null;

    private static string? Shortcoming(CandidateTrail candidate) =>
        candidate.Steps.OfType<LookupStep.Identified>().FirstOrDefault()?.File.Shortcoming.Describe();

    private static string Describe(ObjectStatus status, string? detail)
    {
        string what = status switch
        {
            ObjectStatus.NotFound => "Object file no longer available",
            ObjectStatus.TimedOut => "download timed out",
            ObjectStatus.Failed => "download failed",
            ObjectStatus.Unsupported => "unsupported",
            ObjectStatus.WrongFile => "wrong file",
            _ => "internal error",
        };
        return detail is null || detail.StartsWith(what, StringComparison.Ordinal) ? detail ?? what : $"{what}: {detail}";
    }
}
