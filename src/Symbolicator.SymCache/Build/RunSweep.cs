namespace Symbolicator.SymCache.Build;

/// <summary>A stretch of addresses and the run that it belongs to.</summary>
internal readonly record struct Segment(ulong Start, ulong End, int Run);

/// <summary>
/// Walks all runs in address order and says which one holds where: the kind with the highest priority; of equal kinds
/// the one that came first, but of symbols the nearest one. A run that is interrupted goes on behind the interruption.
/// </summary>
internal static class RunSweep
{
    /// <summary>Indices of the runs by start, kind and order of arrival.</summary>
    public static int[] Order(ChunkedList<RunRecord> runs)
    {
        int[] order = new int[runs.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (left, right) =>
        {
            int byStart = runs[left].Start.CompareTo(runs[right].Start);
            int byKind = byStart != 0 ? byStart : runs[left].Kind.CompareTo(runs[right].Kind);
            return byKind != 0 ? byKind : left.CompareTo(right);
        });
        return order;
    }

    /// <summary>
    /// Gives symbols without size an end: the next start of anything, their limit, or the end of the image. A label inside
    /// something else gets no code at all: behind its surroundings it would name what it does not belong to.
    /// </summary>
    public static void CloseUnsizedSymbols(ChunkedList<RunRecord> runs, int[] order, ulong imageSize)
    {
        ulong covered = 0;
        foreach (int index in order)
        {
            ref var run = ref runs[index];
            if (run.Kind != RunKind.UnsizedSymbol)
            {
                covered = Math.Max(covered, run.End);
            }
            else if (run.Start < covered)
            {
                run.End = run.Start;
            }
        }

        ulong next = ulong.MaxValue;
        ulong previousStart = ulong.MaxValue;
        for (int i = order.Length - 1; i >= 0; i--)
        {
            ref var run = ref runs[order[i]];
            if (run.Start != previousStart)
            {
                next = i == order.Length - 1 ? (imageSize > run.Start ? imageSize : ulong.MaxValue) : previousStart;
                previousStart = run.Start;
            }

            if (run.Kind == RunKind.UnsizedSymbol && run.End != run.Start)
            {
                run.End = Math.Min(run.End, next);
            }
        }
    }

    public static IEnumerable<Segment> Segments(ChunkedList<RunRecord> runs, int[] order)
    {
        var active = new PriorityQueue<int, long>();
        ulong at = 0;
        for (int i = 0; ;)
        {
            while (active.TryPeek(out int top, out _) && runs[top].End <= at)
            {
                active.Dequeue();
            }

            if (active.Count == 0)
            {
                if (i == order.Length)
                {
                    yield break;
                }

                at = runs[order[i]].Start;
            }

            for (; i < order.Length && runs[order[i]].Start <= at; i++)
            {
                if (runs[order[i]].End > at)
                {
                    active.Enqueue(order[i], Priority(runs[order[i]].Kind, order[i]));
                }
            }

            if (active.TryPeek(out int run, out _))
            {
                ulong end = runs[run].End;
                if (i < order.Length)
                {
                    end = Math.Min(end, runs[order[i]].Start);
                }

                yield return new Segment(at, end, run);
                at = end;
            }
        }
    }

    /// <summary>Symbols come ascending by address, so the nearest is the last.</summary>
    private static long Priority(RunKind kind, int arrival) =>
        ((long)kind << 40) | (kind >= RunKind.SizedSymbol ? (long)int.MaxValue - arrival : arrival);
}
