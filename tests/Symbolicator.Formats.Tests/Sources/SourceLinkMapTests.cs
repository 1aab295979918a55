using System.Text;
using Symbolicator.Formats.Sources;

namespace Symbolicator.Formats.Tests.Sources;

/// <summary>Rules of the Source Link specification (documents of a JSON object).</summary>
public sealed class SourceLinkMapTests
{
    private const string Sample = """
        {"documents": {
            "C:\\build\\*": "https://host/main/*",
            "C:\\build\\library\\*": "https://host/library/*?format=TEXT",
            "C:\\build\\generated.cpp": "https://host/generated/1.cpp",
            "/home/user/src/*": "https://host/unix/*"
        }}
        """;

    [Theory]
    [InlineData(@"C:\build\dir\file.cpp", "https://host/main/dir/file.cpp")]
    [InlineData(@"c:\BUILD\dir\File.cpp", "https://host/main/dir/File.cpp")]
    [InlineData(@"C:\build\library\file.cpp", "https://host/library/file.cpp?format=TEXT")]
    [InlineData(@"C:\build\generated.cpp", "https://host/generated/1.cpp")]
    [InlineData(@"C:\build\a b\c#.cpp", "https://host/main/a%20b/c%23.cpp")]
    [InlineData(@"C:\build\..\file.cpp", "https://host/main/../file.cpp")]
    [InlineData("/home/user/src/x/y.c", "https://host/unix/x/y.c")]
    [InlineData(@"C:\build\", "https://host/main/")]
    [InlineData(@"D:\build\file.cpp", null)]
    [InlineData(@"C:\build", null)]
    [InlineData("", null)]
    public void The_longest_matching_entry_gives_the_url(string path, string? expected)
    {
        var map = Parse(Sample);
        Assert.Equal(expected is not null, map.TryGetUrl(path, out string? url));
        Assert.Equal(expected, url);
    }

    [Fact]
    public void Entries_with_misplaced_stars_are_left_out()
    {
        var map = Parse("""
            {"other": [1, {"documents": 2}], "documents": {
                "a*b": "https://host/*", "c*": "https://host/", "d": "https://host/*", "e*": "https://host/*/*",
                "f*": 3, "g*": "https://host/*", "h": null, "i*": {"x": [1]}
            },}
            """);

        Assert.Equal(1, map.Count);
        Assert.True(map.TryGetUrl("gx", out string? url));
        Assert.Equal("https://host/x", url);
    }

    [Fact]
    public void Of_equal_entries_the_first_counts_also_across_maps()
    {
        var first = Parse("""{"documents": {"a*": "https://one/*", "A*": "https://two/*", "x": "https://one/x"}}""");
        var second = Parse("""{"documents": {"a*": "https://three/*", "x": "https://three/x", "ab*": "https://long/*"}}""");
        var merged = SourceLinkMap.Merge([first, second]);

        Assert.True(first.TryGetUrl("ac", out string? url));
        Assert.Equal("https://one/c", url);
        Assert.True(merged.TryGetUrl("ac", out url));
        Assert.Equal("https://one/c", url);
        Assert.True(merged.TryGetUrl("abc", out url));
        Assert.Equal("https://long/c", url);
        Assert.True(merged.TryGetUrl("x", out url));
        Assert.Equal("https://one/x", url);
    }

    [Fact]
    public void A_byte_order_mark_and_a_final_nul_do_not_matter()
    {
        Assert.True(SourceLinkMap.TryParse([0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(Sample), 0], out var map));
        Assert.Equal(4, map.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"documents": 1}""")]
    [InlineData("""{"documents": {"a": """)]
    [InlineData("not json")]
    public void Anything_else_is_no_map(string json) => Assert.False(SourceLinkMap.TryParse(Encoding.UTF8.GetBytes(json), out _));

    [Fact]
    public void Damage_never_throws()
    {
        byte[] sample = Encoding.UTF8.GetBytes(Sample);
        var dice = new Random(7);
        for (int i = 0; i < 5000; i++)
        {
            byte[] bytes = [.. sample];
            bytes[dice.Next(bytes.Length)] = (byte)dice.Next(256);
            bytes[dice.Next(bytes.Length)] = (byte)dice.Next(256);
            if (SourceLinkMap.TryParse(bytes, out var map))
            {
                Assert.InRange(map.Count, 0, 4);
                map.TryGetUrl("C:\\build\\\ud800\\file", out _);
            }
        }
    }

    [Fact]
    public void Endless_paths_have_no_url()
    {
        var map = Parse("""{"documents": {"a*": "https://host/*"}}""");
        Assert.True(map.TryGetUrl(new string('a', 16 << 10), out _));
        Assert.False(map.TryGetUrl(new string('a', (16 << 10) + 1), out _));
    }

    private static SourceLinkMap Parse(string json)
    {
        Assert.True(SourceLinkMap.TryParse(Encoding.UTF8.GetBytes(json), out var map));
        return map;
    }
}
