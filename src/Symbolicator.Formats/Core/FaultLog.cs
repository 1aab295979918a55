namespace Symbolicator.Formats.Core;

/// <summary>
/// What was skipped while reading a file: the first faults in full, and how many there were. Bounded, so that
/// a file of a million bad records costs a counter. Safe to use from several threads.
/// </summary>
public sealed class FaultLog
{
    /// <summary>How many faults are kept in full.</summary>
    public const int Kept = 16;

    private readonly Lock _lock = new();
    private readonly List<FaultEntry> _first = [];
    private long _total;

    /// <summary>All faults, also those that are not kept.</summary>
    public long Total => Interlocked.Read(ref _total);

    public bool IsEmpty => Total == 0;

    /// <summary>The first <see cref="Kept"/> faults in the order of their discovery.</summary>
    public IReadOnlyList<FaultEntry> First
    {
        get
        {
            lock (_lock)
            {
                return [.. _first];
            }
        }
    }

    /// <summary>Notes a fault; <paramref name="what"/> names the record kind or section, never file content.</summary>
    public void Add(ParseFault fault, string what)
    {
        if (Interlocked.Increment(ref _total) > Kept)
        {
            return;
        }

        lock (_lock)
        {
            _first.Add(new FaultEntry(fault, what));
        }
    }
}

/// <summary>One skipped record.</summary>
public readonly record struct FaultEntry(ParseFault Fault, string What)
{
    public override string ToString() => $"{What}: {Fault}";
}
