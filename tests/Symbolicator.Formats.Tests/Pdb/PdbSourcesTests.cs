using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb;

public sealed class PdbSourcesTests
{
    [Theory]
    [InlineData("sourcelink", "sourcelink$1")]
    [InlineData("sourcelink$0", "sourcelink$1")]
    [InlineData("sourcelink$1", "sourcelink$2")]
    public void All_source_link_streams_make_one_map(string first, string second)
    {
        var pdb = new PdbBuilder(512) { Scatter = true };
        pdb.NamedStream(first, """{"documents": {"c:\\a\\*": "https://host/a/*"}}"""u8.ToArray());
        pdb.NamedStream(second, """{"documents": {"c:\\b\\*": "https://host/b/*"}}"""u8.ToArray());
        using var image = (PdbObject)PdbObjectTests.Open(pdb);

        Assert.Equal(ObjectFeatures.Sources, image.Features);
        var map = image.ReadSourceLink();
        Assert.NotNull(map);
        Assert.True(map.TryGetUrl("c:\\a\\x", out string? url));
        Assert.Equal("https://host/a/x", url);
        Assert.True(map.TryGetUrl("c:\\b\\x", out url));
        Assert.Equal("https://host/b/x", url);
        Assert.Null(image.ReadSourceServer());
    }

    [Fact]
    public void A_stream_with_several_names_is_one_map()
    {
        var pdb = new PdbBuilder();
        byte[] json = """{"documents": {"c:\\a\\*": "https://host/a/*"}}"""u8.ToArray();
        pdb.NamedStream("sourcelink", json);
        pdb.NamedStream("sourcelink$1", json);
        var msf = pdb.BuildStreams();
        byte[] info = msf.Streams[1]!;
        for (int at = info.Length - 4; at > 28; at -= 4)
        {
            // Pairs of a text and a stream follow the texts; the second stream of that content is 6.
            if (BitConverter.ToInt32(info, at) == 6)
            {
                info[at] = 5;
                break;
            }
        }

        using var file = new MemoryFileBytes(msf.Build());
        using var image = (PdbObject)PdbFormat.Open(file, ParseLimits.Default).Single();

        Assert.Equal(1, image.ReadSourceLink()?.Count);
    }

    [Fact]
    public void The_source_server_is_read()
    {
        var pdb = new PdbBuilder();
        pdb.NamedStream("srcsrv", "SRCSRV: ini ---\r\nVERCTRL=git\r\nSRCSRV: source files ---\r\nc:\\x.cpp*y\r\n"u8.ToArray());
        using var image = (PdbObject)PdbObjectTests.Open(pdb);

        Assert.Equal(1, image.ReadSourceServer()?.Count);
        Assert.Null(image.ReadSourceLink());
        Assert.True(image.Faults.IsEmpty);
    }

    [Fact]
    public void Streams_that_cannot_be_read_are_logged_and_do_no_harm()
    {
        var pdb = new PdbBuilder();
        pdb.NamedStream("srcsrv", [1, 2, 3]);
        pdb.NamedStream("sourcelink", [1, 2, 3]);
        pdb.NamedStream("sourcelink$1", """{"documents": {"a": "https://host/a"}}"""u8.ToArray());
        using var image = (PdbObject)PdbObjectTests.Open(pdb);

        Assert.False(image.IsMalformed);
        Assert.Null(image.ReadSourceServer());
        Assert.Equal(1, image.ReadSourceLink()?.Count);
        Assert.Equal(["srcsrv", "sourcelink"], image.Faults.First.Select(fault => fault.What));
    }

}
