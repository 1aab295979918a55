namespace Symbolicator.TestKit;

/// <summary>
/// What code allocates once it has warmed up. The runtime itself may allocate a little on a thread while it replaces code by
/// better code, the more often the slower the machine: code that allocates does so in every round.
/// </summary>
public static class Allocated
{
    private const int Rounds = 5;

    /// <summary>Bytes that the round with the fewest took on this thread.</summary>
    public static long Fewest(Action round)
    {
        round();
        long fewest = long.MaxValue;
        for (int i = 0; i < Rounds; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            round();
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return fewest;
    }
}
