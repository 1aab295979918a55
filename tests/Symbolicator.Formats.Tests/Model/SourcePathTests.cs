using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Tests.Model;

public sealed class SourcePathTests
{
    [Theory]
    [InlineData("/build", "src", "a.c", "/build/src/a.c")]
    [InlineData("/build", "/usr/include", "a.h", "/usr/include/a.h")]
    [InlineData("/build", "src", "/abs/a.c", "/abs/a.c")]
    [InlineData("/build/", "", "a.c", "/build/a.c")]
    [InlineData("", "src", "a.c", "src/a.c")]
    [InlineData(null, null, "a.c", "a.c")]
    [InlineData("/build", "src", "<stdin>", "<stdin>")]
    [InlineData("/build", "src", "<built-in>", "<built-in>")]
    [InlineData(@"C:\build", "src", "a.c", @"C:\build\src\a.c")]
    [InlineData(@"C:\build\", "src", "a.c", @"C:\build\src\a.c")]
    [InlineData("C:/build/", "src", "a.c", @"C:/build/src\a.c")]
    [InlineData(@"C:\build", @"\foo", "a.c", @"C:\foo\a.c")]
    [InlineData(@"C:\build", @"D:\other", "a.c", @"D:\other\a.c")]
    [InlineData(@"C:\build", "D:/other", "a.c", @"D:/other\a.c")]
    [InlineData(@"C:\build", @"\\server\share", "a.c", @"\\server\share\a.c")]
    [InlineData("/build", @"sub\dir", "a.c", @"/build\sub\dir/a.c")]
    [InlineData("build", @"\foo", "a.c", @"\foo\a.c")]
    public void Parts_join_as_the_operating_system_of_the_compiler_would(string? compilationDirectory, string? directory, string name, string expected) =>
        Assert.Equal(expected, SourcePath.Join(compilationDirectory, directory, name));

    [Theory]
    [InlineData("/a/./b/../c.c", "/a/c.c")]
    [InlineData("/../../a.c", "/a.c")]
    [InlineData("../../a/../b.c", "../../b.c")]
    [InlineData("a/..", "")]
    [InlineData("a/../..", "..")]
    [InlineData("//a//b///c.c", "/a/b/c.c")]
    [InlineData("./a.c", "a.c")]
    [InlineData("/", "/")]
    [InlineData("", "")]
    [InlineData(@"C:\a\..\b\.\c.c", @"C:\b\c.c")]
    [InlineData(@"C:\..\..\a.c", @"C:\a.c")]
    [InlineData(@"C:/a\b/../c.c", @"C:/a/c.c")]
    [InlineData(@"c:\build\../deps/x.cc", @"c:\deps/x.cc")]
    [InlineData(@"\\server\share\..\..\..\a.c", @"\\server\a.c")]
    [InlineData(@"\\server", @"\\server")]
    [InlineData(@"\foo\..\bar", @"\bar")]
    [InlineData(@"/a\b/../c", "/c")]
    [InlineData("<stdin>", "<stdin>")]
    [InlineData("/a/...", "/a/...")]
    public void Dots_are_resolved_and_separators_kept(string path, string expected) =>
        Assert.Equal(expected, SourcePath.Clean(path));

    [Theory]
    [InlineData("/a/b.c", "b.c")]
    [InlineData(@"C:\a\b.c", "b.c")]
    [InlineData(@"C:\a/b.c", "b.c")]
    [InlineData("b.c", "b.c")]
    [InlineData("/a/", "")]
    public void The_file_name_follows_the_last_separator_of_either_kind(string path, string expected) =>
        Assert.Equal(expected, SourcePath.FileName(path));
}
