using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Tests.Core;

public sealed class InternPoolTests
{
    [Fact]
    public void Equal_strings_share_an_id_and_ids_are_dense()
    {
        var pool = new InternPool();
        for (int i = 0; i < 5000; i++)
        {
            Assert.Equal(i + 1, pool.Intern(System.Text.Encoding.ASCII.GetBytes($"name{i}")).Id);
        }

        Assert.Equal(42, pool.Intern("name41"u8).Id);
        Assert.True(pool.Get(new StringRef(42)).SequenceEqual("name41"u8));
        Assert.Equal(5000, pool.StringCount);
        Assert.True(pool.Intern([]).IsNone);
    }

    [Fact]
    public void Long_strings_are_cut_and_a_full_pool_drops()
    {
        var pool = new InternPool(new ParseLimits { StringBytes = 4, InternPoolBytes = 6 });

        Assert.True(pool.Get(pool.Intern("abcdef"u8)).SequenceEqual("abcd"u8));
        Assert.True(pool.Intern("xyz"u8).IsNone);
        Assert.Equal(1, pool.Dropped);
        Assert.False(pool.Intern("xy"u8).IsNone);
    }

    [Fact]
    public void Files_are_equal_by_their_parts()
    {
        var pool = new InternPool();
        var path = new FilePath(pool.Intern("/build"u8), pool.Intern("src"u8), pool.Intern("a.c"u8));

        var first = pool.InternFile(path);
        Assert.Equal(first, pool.InternFile(path));
        Assert.Equal(path, pool.Get(first));
        Assert.NotEqual(first, pool.InternFile(path with { Directory = default }));
        Assert.True(pool.InternFile(path with { Name = default }).IsNone);
        Assert.Equal(2, pool.FileCount);
    }
}
