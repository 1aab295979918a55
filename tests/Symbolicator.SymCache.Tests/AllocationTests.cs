namespace Symbolicator.SymCache.Tests;

public sealed class AllocationTests
{
    [Theory]
    [InlineData(StringProfile.Compact)]
    [InlineData(StringProfile.Plain)]
    public void Ten_thousand_lookups_and_name_copies_allocate_nothing(StringProfile profile)
    {
        using var cache = Caches.Open(Samples.Forty(), new SymCacheOptions { StringProfile = profile });
        Span<byte> name = stackalloc byte[256];
        long fewest = long.MaxValue;

        // The runtime itself may allocate a little on this thread while it replaces code by better code: lookups that
        // allocate would do so in every round.
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(Lookups(cache, 10_000, name) > 10_000);
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, fewest);
    }

    [Fact]
    public void Opening_allocates_a_few_hundred_bytes_whatever_the_size()
    {
        byte[] bytes = Caches.Build(Samples.Forty());
        Caches.Open(bytes).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Caches.Open(bytes).Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 2_048);
    }

    private static long Lookups(SymCacheFile cache, int count, Span<byte> name)
    {
        long frames = 0;
        for (int i = 0; i < count; i++)
        {
            foreach (var frame in cache.Lookup(0x1000 + ((ulong)i * 7 % 0x2800)))
            {
                frames += cache.CopyFunctionName(frame.FunctionId, name) > 0 ? 1 : 0;
            }

            frames += cache.HasSymbolAt(0x1000) ? 0 : 1;
        }

        return frames;
    }
}
