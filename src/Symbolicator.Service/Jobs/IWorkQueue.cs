namespace Symbolicator.Service.Jobs;

/// <summary>Hands job ids from those who admit to those who work.</summary>
internal interface IWorkQueue
{
    ValueTask EnqueueAsync(Guid id, CancellationToken ct);

    /// <summary>Ends when <paramref name="ct"/> is cancelled.</summary>
    IAsyncEnumerable<Guid> ReadAllAsync(CancellationToken ct);
}
