using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache.Build;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

public sealed class BuilderTests
{
    private static AddressRange R(ulong start, ulong end) => new(start, end);

    [Fact]
    public void Inlined_calls_nested_a_thousand_deep_are_kept_to_the_limit()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("root", R(0, 0x1000))
        {
            Lines = [(0, "/a.c", 1)],
            Inlines = [.. Enumerable.Range(0, 1000).Select(i => new FakeInline(i, $"in{i}", "/a.c", (uint)i, R(0, 0x1000)))],
        });
        using var cache = Caches.Open(file);
        var names = new List<string>();
        foreach (var frame in cache.Lookup(0x10))
        {
            names.Add(cache.GetFunctionName(frame.FunctionId));
        }

        Assert.Equal(ParseLimits.Default.InlineDepth + 2, names.Count);
        Assert.Equal("in512", names[0]);
        Assert.Equal("root", names[^1]);
    }

    [Fact]
    public void A_call_at_the_depth_limit_is_kept_and_one_deeper_is_dropped()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("root", R(0, 0x100))
        {
            Inlines = [.. Enumerable.Range(0, 3).Select(i => new FakeInline(i, $"in{i}", null, 7, R(0, 0x100)))],
        });
        using var cache = Caches.Open(Caches.Build(file, limits: new ParseLimits { InlineDepth = 1 }));
        Assert.Equal("in1 ?:0 < in0 ?:7 < root@0 ?:7", cache.Show(0));
    }

    [Fact]
    public void A_symbol_without_size_ends_at_its_limit()
    {
        var file = new FakeObjectFile { ImageSize = 0x1000 };
        file.Functions.Add(new FakeFunction("function", R(0x20, 0x30)));
        file.Functions.Add(new FakeFunction(null, R(0x140, 0x180)) { Lines = [(0x140, "/a.c", 1)] });
        file.Symbols.AddRange([new FakeSymbol(0x10, 0, "before", 0x100), new FakeSymbol(0x30, 0, "last", 0x100), new FakeSymbol(0x120, 0, "other", 0x160)]);
        using var cache = Caches.Open(file);

        Assert.Equal("before@10 ?:0", cache.Show(0x1f));
        Assert.Equal("last@30 ?:0", cache.Show(0xff));
        Assert.Equal("", cache.Show(0x100));
        Assert.Equal("other@120 ?:0", cache.Show(0x120));
        Assert.Equal("other@120 /a.c:1", cache.Show(0x15f));
        Assert.DoesNotContain("other", cache.Show(0x160), StringComparison.Ordinal);
        Assert.Equal("", cache.Show(0x180));
    }

    [Fact]
    public void A_pdb_names_its_functions_itself_and_c_symbols_lose_their_decoration()
    {
        var file = new FakeObjectFile { Format = FileFormat.Pdb, Arch = Arch.X86 };
        file.Functions.Add(new FakeFunction("space::function(int)", R(0x10, 0x20)));
        file.Symbols.AddRange([new FakeSymbol(0x10, 0, "?function@space@@YAXH@Z"), new FakeSymbol(0x20, 0, "_call@8")]);
        using var cache = Caches.Open(file);

        Assert.Equal("space::function(int)@10 ?:0", cache.Show(0x10));
        Assert.Equal("call@20 ?:0", cache.Show(0x20));

        file.Arch = Arch.Amd64;
        using var x64 = Caches.Open(file);
        Assert.Equal("_call@8@20 ?:0", x64.Show(0x20));
    }

    [Fact]
    public void The_last_of_the_largest_symbols_at_its_address_names_a_function()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("__GI_getaddrinfo", R(0x10, 0x20)));
        file.Functions.Add(new FakeFunction("alone", R(0x20, 0x30)));
        file.Symbols.AddRange([new FakeSymbol(0x10, 16, "__GI_getaddrinfo"), new FakeSymbol(0x10, 16, "getaddrinfo"), new FakeSymbol(0x10, 0, "label")]);
        using var cache = Caches.Open(file);
        Assert.Equal("getaddrinfo@10 ?:0", cache.Show(0x10));
        Assert.Equal("alone@20 ?:0", cache.Show(0x20));

        file.Symbols.Reverse();
        using var reversed = Caches.Open(file);
        Assert.Equal("__GI_getaddrinfo@10 ?:0", reversed.Show(0x10));
    }

    [Fact]
    public void A_breakpad_function_keeps_its_own_name()
    {
        var file = new FakeObjectFile { Format = FileFormat.Breakpad };
        file.Functions.Add(new FakeFunction("f(int)", R(0x10, 0x20)));
        file.Symbols.Add(new FakeSymbol(0x10, 0, "_Z1fi"));
        using var cache = Caches.Open(file);
        Assert.Equal("f(int)@10 ?:0", cache.Show(0x10));
    }

    [Fact]
    public void Parts_of_a_split_function_are_entries_of_their_own()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("hot", R(0x100, 0x110), R(0x20, 0x28))
        {
            Lines = [(0x20, "/a.c", 9), (0x100, "/a.c", 1)],
            Inlines = [new FakeInline(0, "in", "/a.c", 2, R(0x20, 0x24), R(0x104, 0x108), R(0x10c, 0x110))],
        });
        file.Symbols.Add(new FakeSymbol(0x20, 8, "hot.cold"));
        using var cache = Caches.Open(file);
        Assert.Equal("in /a.c:9 < hot.cold@20 /a.c:2", cache.Show(0x20));
        Assert.Equal("in /a.c:1 < hot@100 /a.c:2", cache.Show(0x104));
        var functions = new List<SymCacheFunction>();
        foreach (var function in cache.Functions)
        {
            functions.Add(function);
        }

        Assert.Equal([(0x20UL, 8UL, 1L, 1), (0x100UL, 16UL, 2L, 1)], functions.Select(f => (f.Entry, f.Size, f.InlineeCount, f.MaxInlineDepth)));
    }

    [Fact]
    public void Lines_without_a_function_are_named_by_the_symbols_around_them()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction(null, R(0x100, 0x200)) { Lines = [(0x100, "/x.S", 1), (0x150, "/x.S", 2)] });
        file.Symbols.AddRange([new FakeSymbol(0x100, 0x40, "first"), new FakeSymbol(0x160, 0, "second"), new FakeSymbol(0x300, 4, "third")]);
        using var cache = Caches.Open(file);
        Assert.Equal("first@100 /x.S:1", cache.Show(0x13f));
        Assert.Equal("@140 /x.S:2", cache.Show(0x150));
        Assert.Equal("second@160 /x.S:2", cache.Show(0x1ff));
        foreach (var function in cache.Functions)
        {
            Assert.False(function.FromDebugInfo);
        }
    }

    [Fact]
    public void Of_functions_at_one_place_the_one_with_lines_wins_then_the_first()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("bare", R(0, 0x30)));
        file.Functions.Add(new FakeFunction("first", R(0x10, 0x20)) { Lines = [(0x10, "/a.c", 1)] });
        file.Functions.Add(new FakeFunction("second", R(0x10, 0x28)) { Lines = [(0x10, "/b.c", 2)] });
        using var cache = Caches.Open(file);
        Assert.Equal("bare@0 ?:0", cache.Show(0xf));
        Assert.Equal("first@10 /a.c:1", cache.Show(0x10));
        Assert.Equal("second@10 /b.c:2", cache.Show(0x20));
        Assert.Equal("bare@0 ?:0", cache.Show(0x28));
    }

    [Fact]
    public void Hostile_overlaps_of_inlined_calls_are_cut_off_and_reported()
    {
        var file = new FakeObjectFile();
        const int Sites = 6000;
        file.Functions.Add(new FakeFunction("f", R(0, 0x100000))
        {
            Inlines = [.. Enumerable.Range(0, Sites).Select(i => new FakeInline(0, $"s{i % 3}", null, (uint)i, R((ulong)i * 2, 0x100000 - ((ulong)i * 2))))],
        });
        using var cache = Caches.Open(file);
        Assert.True(file.Faults.Total > 0);
        Assert.Equal("s0 ?:0 < f@0 ?:0", cache.Show(0));
    }

    [Fact]
    public void Runs_at_the_limit_are_kept_and_one_more_is_left_out_and_counted()
    {
        var file = new FakeObjectFile();
        for (ulong i = 0; i < 4; i++)
        {
            file.Functions.Add(new FakeFunction($"f{i}", R(i * 16, (i * 16) + 8)));
        }

        using (var all = Caches.Open(file, new SymCacheOptions { MaxRuns = 4 }))
        {
            Assert.Equal("f3@30 ?:0", all.Show(0x30));
            Assert.Equal(0, file.Faults.Total);
        }

        using var cut = Caches.Open(file, new SymCacheOptions { MaxRuns = 3 });
        Assert.Equal("f2@20 ?:0", cut.Show(0x20));
        Assert.Equal("", cut.Show(0x30));
        Assert.Equal(1, file.Faults.Total);
        Assert.Equal(1, cut.Info.FaultCount);
    }

    [Fact]
    public void Names_that_do_not_fit_the_pool_are_left_out_and_counted()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("abcd", R(0, 8)));
        file.Functions.Add(new FakeFunction("e", R(8, 16)) { Lines = [(8, null, 4)] });
        using var cache = Caches.Open(Caches.Build(file, limits: new ParseLimits { InternPoolBytes = 4 }));
        Assert.Equal("abcd@0 ?:0", cache.Show(0));
        Assert.Equal("@8 ?:4", cache.Show(8));
        Assert.Equal(1, cache.Info.FaultCount);
    }

    [Fact]
    public void Many_functions_that_others_cover_to_their_end_do_not_pile_up()
    {
        var file = new FakeObjectFile();
        for (uint i = 0; i < 300; i++)
        {
            ulong start = i * 0x100UL;
            file.Functions.Add(new FakeFunction($"inner{i}", R(start + 0x80, start + 0x100)) { Lines = [(start + 0x80, "/a.c", i + 1)] });
            file.Functions.Add(new FakeFunction($"outer{i}", R(start, start + 0x100)) { Lines = [(start, "/b.c", i + 1)] });
        }

        using var cache = Caches.Open(file);
        for (uint i = 0; i < 300; i++)
        {
            Assert.Equal($"outer{i}@{i * 0x100:x} /b.c:{i + 1}", cache.Show((i * 0x100UL) + 0x7f));
            Assert.Equal($"inner{i}@{(i * 0x100) + 0x80:x} /a.c:{i + 1}", cache.Show((i * 0x100UL) + 0x80));
        }

        Assert.True(file.Faults.IsEmpty);
    }

    [Fact]
    public void An_object_without_anything_gives_an_empty_cache()
    {
        byte[] bytes = Caches.Build(new FakeObjectFile(), out var report);
        using var cache = Caches.Open(bytes);
        Assert.Equal("", cache.Show(0));
        Assert.Equal((0, 0L, bytes.LongLength), (report.Functions, report.Rows, report.BytesOut));
        Assert.False(cache.Rows.MoveNext());
        Assert.False(cache.Functions.MoveNext());
    }

    [Fact]
    public void A_cancelled_build_stops_at_the_next_function()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => SymCacheBuilder.Build(
            Samples.Forty(), Stream.Null, SymCacheOptions.Default, ParseLimits.Default, source.Token));
    }

    [Fact]
    public void Opening_takes_over_the_lease_also_when_it_fails()
    {
        var bytes = new MemoryFileBytes(new byte[10]);
        Assert.Throws<MalformedFileException>(() => SymCacheFile.Open(bytes));
        Assert.False(bytes.TryRetain());
    }

    [Fact]
    public void Aliases_of_an_address_are_not_searched()
    {
        var file = new FakeObjectFile();
        file.Symbols.AddRange(Enumerable.Range(0, 1000).Select(i => new FakeSymbol(0x10, (ulong)(i % 7), $"s{i}")));
        var names = new InternPool();
        var index = new SymbolIndex(file.OpenSymbols(names));

        Assert.Equal(1, index.Count);
        Assert.Equal("s993", System.Text.Encoding.UTF8.GetString(names.Get(index.NameAt(0x10, default))));
    }
}
