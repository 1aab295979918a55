using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;

namespace Symbolicator.Engine.Contracts;

/// <summary>A place at which a file was looked for, and what came of it.</summary>
public sealed record CandidateInfo
{
    /// <summary>Id of the source.</summary>
    public required string Source { get; init; }

    /// <summary>URI, or <see cref="NothingListed"/>.</summary>
    public required string Location { get; init; }

    public required CandidateDownload Download { get; init; }

    /// <summary>Null when the file was not chosen for unwinding.</summary>
    public CandidateUse? Unwind { get; init; }

    /// <summary>Null when the file was not chosen for symbolication.</summary>
    public CandidateUse? Debug { get; init; }

    /// <summary>The location of a source that had no place for a file.</summary>
    public const string NothingListed = "No object files listed on this source";
}

/// <summary>How the download of a candidate ended.</summary>
public sealed record CandidateDownload
{
    public required DownloadStatus Status { get; init; }

    /// <summary>Of the file, when it was obtained.</summary>
    public FeatureInfo? Features { get; init; }

    /// <summary>For people: why there is no file, why it cannot be read, or why it gives less than others of its kind.</summary>
    public string? Details { get; init; }
}

/// <summary>How a chosen candidate was converted.</summary>
public sealed record CandidateUse
{
    public required UseStatus Status { get; init; }

    /// <summary>Why it failed; of a file that is used, what is doubtful about it.</summary>
    public string? Details { get; init; }
}

/// <summary>How a download ended.</summary>
[JsonConverter(typeof(WireEnumConverter<DownloadStatus>))]
public enum DownloadStatus : byte
{
    Ok,
    Malformed,

    /// <summary>Permission denied.</summary>
    [JsonStringEnumMemberName("noperm")]
    NoPermission,

    [JsonStringEnumMemberName("notfound")]
    NotFound,
    Error,
}

/// <summary>How a conversion ended.</summary>
[JsonConverter(typeof(WireEnumConverter<UseStatus>))]
public enum UseStatus : byte
{
    Ok,
    Malformed,
    Error,
}
