using FsCheck;
using FsCheck.Fluent;

namespace Symbolicator.SymCache.Tests;

public sealed class LookupPropertyTests
{
    private static readonly Config Quick = Config.QuickThrowOnFailure.WithMaxTest(250).WithStartSize(20).WithEndSize(300).WithReplay(20261121, 17).WithQuietOnSuccess(true);

    [Fact]
    public void Lookups_equal_the_linear_model() => ForAll(choices =>
    {
        var file = Scenario.Decode(choices);
        var model = new LinearModel(file);
        using var compact = Caches.Open(file);
        using var plain = Caches.Open(file, new SymCacheOptions { StringProfile = StringProfile.Plain });
        for (ulong rva = 0; rva <= Scenario.Space + 40; rva++)
        {
            string expected = model.Show(rva);
            Assert.Equal($"{rva:x}: {expected}", $"{rva:x}: {compact.Show(rva)}");
            Assert.Equal(expected, plain.Show(rva));
            Assert.Equal(expected.Length > 0, compact.HasSymbolAt(rva));
        }
    });

    [Fact]
    public void Rows_ascend_never_repeat_their_neighbour_and_say_what_lookups_say() => ForAll(choices =>
    {
        var file = Scenario.Decode(choices);
        using var cache = Caches.Open(file);
        SymCacheRow? last = null;
        long count = 0;
        foreach (var row in cache.Rows)
        {
            count++;
            if (last is { } before)
            {
                Assert.True(row.Start > before.Start);
                Assert.NotEqual((before.Context, before.FileId, before.Line), (row.Context, row.FileId, row.Line));
                Assert.Equal(cache.Show(before.Start), cache.Show(row.Start - 1));
            }

            Assert.True(row.Context < cache.Info.ContextCount);
            Assert.Equal(!row.IsGap, cache.HasSymbolAt(row.Start));
            last = row;
        }

        Assert.Equal(cache.Info.RowCount, count);
        bool open = file.ImageSize == 0 && file.Symbols.Exists(symbol => symbol.Size == 0);
        Assert.True(last is null || last.Value.IsGap || open);
    });

    [Fact]
    public void Equal_input_gives_equal_bytes() => ForAll(choices =>
        Assert.Equal(Caches.Build(Scenario.Decode(choices)), Caches.Build(Scenario.Decode(choices))));

    [Fact]
    public void Functions_of_the_debug_information_are_listed_even_when_others_cover_them() => ForAll(choices =>
    {
        var file = Scenario.Decode(choices);
        using var cache = Caches.Open(file);
        var listed = new HashSet<ulong>();
        ulong last = 0;
        foreach (var function in cache.Functions)
        {
            Assert.True(function.Entry >= last);
            last = function.Entry;
            if (function.FromDebugInfo)
            {
                listed.Add(function.Entry);
            }
        }

        var expected = file.Functions.Where(function => function.Name is not null).SelectMany(function => function.Ranges);
        Assert.Equal(expected.Select(range => range.Start).Distinct().Order(), listed.Order());
    });

    private static void ForAll(Action<byte[]> property) =>
        Check.One(Quick, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), choices =>
        {
            property(choices);
            return true;
        }));
}
