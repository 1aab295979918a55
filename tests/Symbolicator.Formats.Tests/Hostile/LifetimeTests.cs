using Symbolicator.Formats.Core;
using Symbolicator.Formats.Minidump;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Hostile;

public sealed class LifetimeTests
{
    [Theory]
    [InlineData("elf/sym-x64.so")]
    [InlineData("breakpad/every-record-arm64.sym")]
    [InlineData("minidump/cpp-x64.crashpad.dmp")]
    public void Disposing_twice_gives_back_one_lease(string fixture)
    {
        using var file = MappedFileBytes.Open(Fixture.Path(fixture));
        IDisposable item = fixture.EndsWith("dmp", StringComparison.Ordinal)
            ? MinidumpFile.Open(file, ParseLimits.Default)
            : ObjectFormats.Open(file).Single();
        item.Dispose();
        item.Dispose();

        Assert.True(file.TrySlice(new ByteRange(0, 4), out _));
    }

    /// <summary>Not one byte of memory that belongs to nobody any more.</summary>
    [Theory]
    [InlineData("elf/sym-x64.so")]
    [InlineData("breakpad/every-record-arm64.sym")]
    public void A_disposed_object_has_nothing_left_to_read(string fixture)
    {
        IObjectFile item;
        using (var file = MappedFileBytes.Open(Fixture.Path(fixture)))
        {
            item = ObjectFormats.Open(file).Single();
        }

        var symbols = item.OpenSymbols(new InternPool());
        Assert.True(symbols.TryReadNext(out _));
        item.Dispose();

        Assert.False(symbols.TryReadNext(out _));
        Assert.False(item.OpenSymbols(new InternPool()).TryReadNext(out _));
    }
}
