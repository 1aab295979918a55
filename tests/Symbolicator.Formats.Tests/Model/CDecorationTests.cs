using System.Text;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Tests.Model;

public sealed class CDecorationTests
{
    [Theory]
    [InlineData("_malloc", "malloc")]
    [InlineData("__initterm", "_initterm")]
    [InlineData("_IsProcessorFeaturePresent@4", "IsProcessorFeaturePresent")]
    [InlineData("@__security_check_cookie@4", "__security_check_cookie")]
    [InlineData("vector@@16", "vector")]
    [InlineData("_vector@@16", "_vector")]
    [InlineData("plain", "plain")]
    [InlineData("_", "_")]
    [InlineData("@", "@")]
    [InlineData("", "")]
    [InlineData("_name@", "name@")]
    [InlineData("@name", "@name")]
    [InlineData("_name@4x", "name@4x")]
    [InlineData("@@4", "@@4")]
    [InlineData("?method@@QAEXXZ", "?method@@QAEXXZ")]
    [InlineData("_function(int)", "_function(int)")]
    [InlineData("_a::b", "_a::b")]
    [InlineData("_a<int>", "_a<int>")]
    public void Decorations_of_x86_are_removed(string name, string expected) => Check(name, CpuFamily.X86, expected);

    [Theory]
    [InlineData("_initterm", "_initterm")]
    [InlineData("vector@@16", "vector")]
    [InlineData("name@4", "name@4")]
    public void Only_vectorcall_is_decorated_on_x64(string name, string expected) => Check(name, CpuFamily.Amd64, expected);

    [Theory]
    [InlineData("#memcpy", "memcpy")]
    [InlineData("#?method@@$$hYAXXZ", "#?method@@$$hYAXXZ")]
    [InlineData("_initterm", "_initterm")]
    public void Only_code_for_x64_callers_is_decorated_on_arm64(string name, string expected) => Check(name, CpuFamily.Arm64, expected);

    private static void Check(string name, CpuFamily cpu, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(CDecoration.Remove(Encoding.UTF8.GetBytes(name), cpu)));
}
