using System.Diagnostics;
using System.Text;
using Symbolicator.Formats.Sources;

namespace Symbolicator.Formats.Tests.Sources;

/// <summary>Streams as indexing tools write them; values are worked out by the rules of the source server's language.</summary>
public sealed class SourceServerIndexTests
{
    private const string Http = """
        SRCSRV: ini ------------------------------------------------
        VERSION=1
        INDEXVERSION=2
        VERCTRL=http
        SRCSRV: variables ------------------------------------------
        SRC_EXTRACT_TARGET_DIR=%targ%\%fnbksl%(%var2%)\%var3%
        SRC_EXTRACT_TARGET=%SRC_EXTRACT_TARGET_DIR%\%fnfile%(%var1%)
        SRCSRVTRG=https://host/%fnvar%(%var4%)/+/%VAR3%/%var2%?format=TEXT
        main=chromium/src.git
        SRCSRV: source files ---------------------------------------
        c:\b\src\base\at.cc*base/at.cc*0f1e2d*main
        c:\b\src\base\other.cc*base/other.cc*0f1e2d*missing
        SRCSRV: end ------------------------------------------------
        c:\behind\the\end.cc*x*y*main
        """;

    [Fact]
    public void Names_of_variables_are_not_longer_than_a_line_holds()
    {
        string shorter = new('n', 1024);
        string longer = new('n', 1025);
        string text = $"SRCSRV: ini\n{shorter}=a\n{longer}=b\nSRCSRVTRG=%{shorter}%\nSRCSRVCMD=%{longer}%\nSRCSRV: source files\nx\n";

        Assert.True(SourceServerIndex.TryParse(Encoding.UTF8.GetBytes(text), out var index));
        Assert.True(index.TryFind("x", out var found));
        Assert.Equal("a", found.Target);
        Assert.Null(found.Command);
    }

    [Fact]
    public void Files_are_kept_up_to_a_limit()
    {
        var text = new StringBuilder("SRCSRV: source files\n");
        for (int i = 0; i <= 1 << 20; i++)
        {
            text.Append(i).Append('\n');
        }

        Assert.True(SourceServerIndex.TryParse(Encoding.UTF8.GetBytes(text.ToString()), out var index));
        Assert.Equal(1 << 20, index.Count);
        Assert.False(index.TryFind("1048576", out _));
    }

    private const string Perforce = """
        SRCSRV: ini ------------------------------------------------
        VERSION=2
        VERCTRL=Perforce
        SRCSRV: variables ------------------------------------------
        P4_EXTRACT_CMD=p4.exe -p %fnvar%(%var2%) print -o %srcsrvtrg% -q "//%var3%#%var4%"
        P4_EXTRACT_TARGET=\cache\%fnvar%(%var2%)\%fnbksl%(%var3%)\%var4%\%fnfile%(%var1%)
        MYSERVER=server.example:1666
        SRCSRVTRG=%P4_extract_target%
        SRCSRVCMD=%P4_extract_cmd%
        SRCSRV: source files ---------------------------------------
        d:\depot\src\file.cpp*MYSERVER*//depot/src/file.cpp*12345
        SRCSRV: end ------------------------------------------------
        """;

    [Fact]
    public void Variables_are_evaluated_for_a_file()
    {
        var index = Parse(Http);

        Assert.Equal((2, "http", SourceServerKind.Other), (index.Count, index.VersionControl, index.Kind));
        Assert.True(index.TryFind(@"C:\B\SRC\base\AT.cc", out var file));
        Assert.Equal(new SourceServerFile("https://host/chromium/src.git/+/0f1e2d/base/at.cc?format=TEXT", null, null, null), file);
        Assert.Equal(file.Target, file.Url);
    }

    [Fact]
    public void A_variable_that_does_not_exist_leaves_no_target()
    {
        Assert.True(Parse(Http).TryFind(@"c:\b\src\base\other.cc", out var file));
        Assert.Null(file.Target);
        Assert.Null(file.Url);
        Assert.False(Parse(Http).TryFind(@"c:\behind\the\end.cc", out _));
    }

    [Fact]
    public void Perforce_tells_depot_path_and_change()
    {
        var index = Parse(Perforce.ReplaceLineEndings("\r\n"));

        Assert.Equal(SourceServerKind.Perforce, index.Kind);
        Assert.True(index.TryFind(@"d:\depot\src\file.cpp", out var file));
        Assert.Equal(@"\cache\server.example:1666\\\depot\src\file.cpp\12345\file.cpp", file.Target);
        Assert.Null(file.Url);
        Assert.Equal(
            """p4.exe -p server.example:1666 print -o \cache\server.example:1666\\\depot\src\file.cpp\12345\file.cpp -q "////depot/src/file.cpp#12345" """.TrimEnd(),
            file.Command);
        Assert.Equal(("depot/src/file.cpp", "12345"), (file.Path, file.Revision));
    }

    [Theory]
    [InlineData("git", SourceServerKind.Git)]
    [InlineData("Git/SourceLink", SourceServerKind.Git)]
    [InlineData("Perforce", SourceServerKind.Perforce)]
    [InlineData("Team Foundation Server", SourceServerKind.Other)]
    [InlineData("svn", SourceServerKind.Other)]
    public void The_kind_comes_from_the_name(string name, SourceServerKind kind) =>
        Assert.Equal(kind, Parse($"SRCSRV: ini ---\nVERCTRL={name}\n").Kind);

    [Theory]
    [InlineData("%a%", null)] // refers to itself
    [InlineData("%none%", null)]
    [InlineData("%fnnone%(x)", null)]
    [InlineData("%fnbksl%(a/b", null)]
    [InlineData("100%", "100%")]
    [InlineData("%fnbksl%(%fnfile%(x/%fnvar%(b)/y))", "y")]
    [InlineData("%fnbksl%(a/(b)/c)d", @"a\(b)\cd")]
    [InlineData("%var1%|%var2%|%var3%", "path|two|")]
    [InlineData("%var4%", null)]
    [InlineData("", null)]
    public void Values_follow_the_language(string target, string? expected)
    {
        var index = Parse($"SRCSRV: variables ---\na=%a%\nb=value\nSRCSRVTRG={target}\nSRCSRV: source files ---\npath*two*\n");
        Assert.True(index.TryFind("path", out var file));
        Assert.Equal(expected, file.Target);
    }

    [Fact]
    public void Values_that_grow_without_bounds_are_given_up()
    {
        var text = new StringBuilder("SRCSRV: variables ---\nv0=xxxxxxxxxx\n");
        for (int i = 1; i < 15; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"v{i}={string.Concat(Enumerable.Repeat($"%v{i - 1}%", 16))}\n");
        }

        var index = Parse(text + "SRCSRVTRG=%v14%\nSRCSRV: source files ---\npath\n");
        long started = Stopwatch.GetTimestamp();
        Assert.True(index.TryFind("path", out var file));
        Assert.Null(file.Target);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Brackets_that_nest_without_bounds_are_given_up()
    {
        string nested = string.Concat(Enumerable.Repeat("%fnbksl%(", 1000)) + "x" + new string(')', 1000);
        Assert.True(Parse($"SRCSRV: variables ---\nSRCSRVTRG={nested}\nSRCSRV: source files ---\npath\n").TryFind("path", out var file));
        Assert.Null(file.Target);
    }

    [Fact]
    public void Old_code_pages_do_not_disturb_other_lines()
    {
        byte[] text = [.. "SRCSRV: source files ---\nc:\\"u8, 0xe9, .. ".cpp*x\nc:\\b.cpp*y\n"u8];
        Assert.True(SourceServerIndex.TryParse(text, out var index));
        Assert.True(index.TryFind("c:\\é.cpp", out _));
        Assert.True(index.TryFind("c:\\b.cpp", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SRCSRV: nothing of use")]
    [InlineData("[section]\na=b")]
    public void Other_texts_are_refused(string text) => Assert.False(SourceServerIndex.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Damage_never_throws()
    {
        var dice = new Random(11);
        foreach (byte[] sample in (byte[][])[Encoding.UTF8.GetBytes(Http), Encoding.UTF8.GetBytes(Perforce)])
        {
            for (int i = 0; i < 3000; i++)
            {
                byte[] bytes = [.. sample];
                bytes[dice.Next(bytes.Length)] = (byte)dice.Next(256);
                bytes[dice.Next(bytes.Length)] = (byte)"%()*=\n"[dice.Next(6)];
                if (SourceServerIndex.TryParse(bytes, out var index))
                {
                    index.TryFind(@"c:\b\src\base\at.cc", out _);
                    index.TryFind(@"d:\depot\src\file.cpp", out _);
                }
            }
        }
    }

    private static SourceServerIndex Parse(string text)
    {
        Assert.True(SourceServerIndex.TryParse(Encoding.UTF8.GetBytes(text), out var index));
        return index;
    }
}
