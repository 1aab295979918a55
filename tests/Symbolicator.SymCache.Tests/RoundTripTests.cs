using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

public sealed class RoundTripTests
{
    private static AddressRange R(ulong start, ulong end) => new(start, end);

    [Fact]
    public void Inlined_calls_are_answered_innermost_first_with_the_line_of_the_call()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("outer", R(0x100, 0x140))
        {
            Lines = [(0x100, "/s/outer.c", 10), (0x110, "/s/inner.h", 5), (0x118, "/s/deep.h", 7), (0x120, "/s/outer.c", 12)],
            Inlines =
            [
                new FakeInline(0, "inner", "/s/outer.c", 11, R(0x110, 0x120)),
                new FakeInline(1, "deep", "/s/inner.h", 6, R(0x118, 0x120)),
            ],
        });
        using var cache = Caches.Open(file);

        Assert.Equal("", cache.Show(0xff));
        Assert.Equal("outer@100 /s/outer.c:10", cache.Show(0x100));
        Assert.Equal("inner /s/inner.h:5 < outer@100 /s/outer.c:11", cache.Show(0x110));
        Assert.Equal("deep /s/deep.h:7 < inner /s/inner.h:6 < outer@100 /s/outer.c:11", cache.Show(0x11f));
        Assert.Equal("outer@100 /s/outer.c:12", cache.Show(0x13f));
        Assert.Equal("", cache.Show(0x140));
    }

    [Fact]
    public void Symbols_fill_what_functions_leave_and_end_at_the_next_start()
    {
        var file = new FakeObjectFile { ImageSize = 0x1000 };
        file.Functions.Add(new FakeFunction("f", R(0x200, 0x300)) { Lines = [(0x200, "/f.c", 1)] });
        file.Symbols.Add(new FakeSymbol(0x100, 0, "before"));
        file.Symbols.Add(new FakeSymbol(0x280, 0, "label"));
        file.Symbols.Add(new FakeSymbol(0x400, 0x20, "sized"));
        file.Symbols.Add(new FakeSymbol(0x500, 0, "last"));
        using var cache = Caches.Open(file);

        Assert.Equal("before@100 ?:0", cache.Show(0x1ff));
        Assert.Equal("f@200 /f.c:1", cache.Show(0x280));
        Assert.Equal("", cache.Show(0x300));
        Assert.Equal("sized@400 ?:0", cache.Show(0x41f));
        Assert.Equal("", cache.Show(0x420));
        Assert.Equal("last@500 ?:0", cache.Show(0xfff));
        Assert.Equal("", cache.Show(0x1000));
    }

    [Fact]
    public void Disposing_twice_gives_back_one_lease()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("f", new AddressRange(0, 16)));
        using var bytes = new MemoryFileBytes(Caches.Build(file));
        var cache = SymCacheFile.Open(bytes.Retain());
        cache.Dispose();
        cache.Dispose();

        Assert.True(bytes.TrySlice(new ByteRange(0, 4), out _));
    }
}
