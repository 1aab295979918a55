namespace Symbolicator.Engine.Scheduling;

/// <summary>Work of a few milliseconds and work of seconds never wait for each other.</summary>
public enum CpuLane : byte
{
    /// <summary>Walks, lookups, rendering.</summary>
    Quick,

    /// <summary>Parsing and converting whole debug files.</summary>
    Build,
}

/// <summary>The border between moving bytes (async) and computing (bounded threads).</summary>
public interface ICpuScheduler
{
    /// <summary>Runs <paramref name="work"/> on a thread of the lane. Cancellation gives up the wait for a free thread and is handed to the work.</summary>
    Task<T> RunAsync<T>(CpuLane lane, Func<CancellationToken, T> work, CancellationToken ct);
}
