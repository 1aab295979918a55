using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

public sealed class HugeImageTests
{
    private static readonly ulong[] Starts = [0x1000, 0xffff_ff00, 0x1_0000_0180, 0x1_8000_0000, 0x5_0000_0000, 0x5_ffff_fff0, 0xff_0000_0000_0000];

    /// <summary>Functions on both sides of page borders, and pages without any.</summary>
    internal static FakeObjectFile Spread()
    {
        var file = new FakeObjectFile();
        foreach (ulong start in Starts)
        {
            file.Functions.Add(new FakeFunction($"at_{start:x}", new AddressRange(start, start + 0x200))
            {
                Lines = [.. Enumerable.Range(0, 40).Select(i => (start + ((ulong)i * 8), (string?)"/a.c", (uint)(i + 1)))],
            });
        }

        return file;
    }

    [Fact]
    public void Functions_above_four_gigabytes_are_found_with_their_entries()
    {
        using var cache = Caches.Open(Spread());
        var entries = new List<ulong>();
        foreach (var function in cache.Functions)
        {
            entries.Add(function.Entry);
        }

        Assert.Equal(Starts, entries);
        foreach (ulong start in Starts)
        {
            Assert.Equal("", cache.Show(start - 1));
            Assert.Equal($"at_{start:x}@{start:x} /a.c:1", cache.Show(start));
            Assert.Equal($"at_{start:x}@{start:x} /a.c:33", cache.Show(start + 0x107));
            Assert.Equal($"at_{start:x}@{start:x} /a.c:40", cache.Show(start + 0x1ff));
            Assert.Equal("", cache.Show(start + 0x200));
        }

        Assert.Equal("", cache.Show(0));
        Assert.Equal("", cache.Show(0x3_1234_5678));
        Assert.Equal("", cache.Show(ulong.MaxValue));
    }

    [Fact]
    public void Rows_of_all_pages_ascend_and_agree_with_lookups()
    {
        using var cache = Caches.Open(Spread());
        ulong last = 0;
        foreach (var row in cache.Rows)
        {
            Assert.True(row.Start > last);
            Assert.Equal(!row.IsGap, cache.HasSymbolAt(row.Start));
            last = row.Start;
        }

        Assert.Equal(0xff_0000_0000_0200UL, last);
    }

    [Fact]
    public void Symbols_at_the_end_of_the_address_space_do_not_wrap()
    {
        var file = new FakeObjectFile();
        file.Symbols.Add(new FakeSymbol(ulong.MaxValue - 1, 0x100, "wraps"));
        file.Symbols.Add(new FakeSymbol(ulong.MaxValue, 0, "nothing"));
        file.Symbols.Add(new FakeSymbol(ulong.MaxValue - 0x100, ulong.MaxValue, "long"));
        using var cache = Caches.Open(file);
        Assert.Equal("long@fffffffffffffeff ?:0", cache.Show(ulong.MaxValue - 0x50));
        Assert.Equal("wraps@fffffffffffffffe ?:0", cache.Show(ulong.MaxValue - 1));
    }

    [Fact]
    public void A_name_of_every_entry_is_stable_when_only_functions_lie_above()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("low", new AddressRange(0x10, 0x20)));
        file.Functions.Add(new FakeFunction("high", new AddressRange(0x1_0000_0000, 0x1_0000_0010)));
        using var cache = Caches.Open(file);
        Assert.Equal("low@10 ?:0", cache.Show(0x1f));
        Assert.Equal("high@100000000 ?:0", cache.Show(0x1_0000_000f));
    }
}
