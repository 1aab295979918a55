using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

public sealed class AllocationTests
{
    [Theory]
    [InlineData(StringProfile.Compact)]
    [InlineData(StringProfile.Plain)]
    public void Ten_thousand_lookups_and_name_copies_allocate_nothing(StringProfile profile)
    {
        using var cache = Caches.Open(Samples.Forty(), new SymCacheOptions { StringProfile = profile });
        byte[] name = new byte[256];

        Assert.Equal(0, Allocated.Fewest(() => Assert.True(Lookups(cache, 10_000, name) > 10_000)));
    }

    [Fact]
    public void Opening_allocates_a_few_hundred_bytes_whatever_the_size()
    {
        byte[] bytes = Caches.Build(Samples.Forty());

        Assert.InRange(Allocated.Fewest(() => Caches.Open(bytes).Dispose()), 1, 2_048);
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
