using Symbolicator.Engine.Contracts;
using Symbolicator.Formats.Core;

namespace Symbolicator.Service.Jobs;

/// <summary>
/// A job as a folder of immutable objects: <c>request.json</c> (without secrets), <c>input</c> (deleted when the job
/// ends) and <c>result.json</c>.
/// </summary>
internal interface IJobStore
{
    /// <summary>Opens <c>input</c> for writing.</summary>
    Stream CreateInput(Guid id);

    /// <summary>Maps <c>input</c>; dispose the lease.</summary>
    FileBytes OpenInput(Guid id);

    Task PutRequestAsync(Guid id, JobRecord record, CancellationToken ct);

    /// <summary>Publishes the result and deletes the input.</summary>
    Task PutResultAsync(Guid id, SymbolicationResponse result, CancellationToken ct);

    /// <summary>Null when there is none.</summary>
    Stream? OpenResult(Guid id);

    /// <summary>Deletes the job and everything of it.</summary>
    void Delete(Guid id);

    /// <summary>Jobs that an earlier process left.</summary>
    IReadOnlyList<LeftJob> List();
}

/// <summary>What is known of a job without its secrets.</summary>
/// <param name="Kind">Symbolicate or minidump.</param>
/// <param name="Scope">Cache scope, null for the global one.</param>
/// <param name="TimeCreated">Unix seconds.</param>
/// <param name="Sources">Ids only; null for the configured ones.</param>
internal sealed record JobRecord(string Kind, string? Scope, long TimeCreated, IReadOnlyList<string>? Sources);

/// <summary>A job found at start.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Finished">When its result was written, null when it has none.</param>
internal readonly record struct LeftJob(Guid Id, DateTimeOffset? Finished);
