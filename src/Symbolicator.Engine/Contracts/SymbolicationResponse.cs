using System.Text.Json.Serialization;

namespace Symbolicator.Engine.Contracts;

/// <summary>State of a job; the tag <c>status</c> tells which.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "status")]
[JsonDerivedType(typeof(PendingResponse), "pending")]
[JsonDerivedType(typeof(CompletedResponse), "completed")]
[JsonDerivedType(typeof(FailedResponse), "failed")]
[JsonDerivedType(typeof(TimeoutResponse), "timeout")]
[JsonDerivedType(typeof(InternalErrorResponse), "internal_error")]
public abstract record SymbolicationResponse;

/// <summary>The job is still running.</summary>
public sealed record PendingResponse : SymbolicationResponse
{
    /// <summary>Id to poll.</summary>
    public required string RequestId { get; init; }

    /// <summary>Seconds to wait before the next poll.</summary>
    public int RetryAfter { get; set; } = 30;
}

/// <summary>The input as a whole could not be used.</summary>
public sealed record FailedResponse : SymbolicationResponse
{
    public required string Message { get; init; }
}

/// <summary>The job took too long.</summary>
public sealed record TimeoutResponse : SymbolicationResponse;

/// <summary>The job met a bug.</summary>
public sealed record InternalErrorResponse : SymbolicationResponse;

/// <summary>The answer.</summary>
public sealed record CompletedResponse : SymbolicationResponse
{
    /// <summary>Seconds since 1970, of the crash.</summary>
    public long? Timestamp { get; init; }

    /// <summary>The signal of the request.</summary>
    public uint? Signal { get; init; }

    public SystemInfo? SystemInfo { get; init; }

    public bool? Crashed { get; init; }

    /// <summary>Reason and address.</summary>
    public string? CrashReason { get; init; }

    public string? CrashDetails { get; init; }

    public string? Assertion { get; init; }

    public required IReadOnlyList<SymbolicatedStacktrace> Stacktraces { get; init; }

    public required IReadOnlyList<SymbolicatedModule> Modules { get; init; }
}
