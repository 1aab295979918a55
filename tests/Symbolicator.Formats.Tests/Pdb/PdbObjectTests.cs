using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Pdb;

public sealed class PdbObjectTests
{
    private static readonly byte[] Symbols = PdbBuilder.Record(0x1101, [0, 0, 0, 0, (byte)'o', 0]);

    [Theory]
    [InlineData(0x14c, Arch.X86)]
    [InlineData(0x8664, Arch.Amd64)]
    [InlineData(0xaa64, Arch.Arm64)]
    [InlineData(0xa641, Arch.Arm64)]
    [InlineData(0xa64e, Arch.Arm64)]
    [InlineData(0x1c4, Arch.Arm)]
    [InlineData(0xc0ee, Arch.Unknown)]
    [InlineData(0, Arch.Unknown)]
    public void The_machine_gives_the_architecture(int machine, Arch arch)
    {
        using var image = Open(new PdbBuilder { Machine = (ushort)machine });
        Assert.Equal(arch, image.Arch);
        Assert.Equal((FileFormat.Pdb, ObjectKind.Debug, 0UL), (image.Format, image.Kind, image.ImageBase));
    }

    [Fact]
    public void The_age_is_that_of_the_linker()
    {
        using var image = Open(new PdbBuilder { InfoAge = 7, Age = 2 });
        Assert.Equal("3249d99d-0c40-4931-8610-f4e4fb0b6936-2", image.DebugId?.ToString());
    }

    [Fact]
    public void The_image_ends_with_its_last_section()
    {
        var pdb = new PdbBuilder();
        pdb.Section(".data", 0x3000, 0x123);
        pdb.Section(".text", 0x1000, 0x2000);

        using var image = Open(pdb);
        Assert.Equal(0x3123u, image.ImageSize);
    }

    [Fact]
    public void An_empty_file_has_nothing()
    {
        using var image = Open(new PdbBuilder());
        Assert.Equal(ObjectFeatures.None, image.Features);
        Assert.Equal(0u, image.ImageSize);
        Assert.False(image.IsMalformed);
        Assert.Null(image.OpenDebugSession(new InternPool()));
        Assert.Null(image.OpenUnwindTable());
    }

    [Fact]
    public void Features_come_from_the_headers()
    {
        var pdb = new PdbBuilder();
        ushort text = pdb.Section(".text", 0x1000, 0x2000);
        pdb.Public("function", text, 0);
        pdb.Module("first.obj", null);
        Assert.Equal(ObjectFeatures.Symbols, FeaturesOf(pdb));

        pdb.ImageStream(9, new byte[32]);
        Assert.Equal(ObjectFeatures.Symbols | ObjectFeatures.UnwindInfo, FeaturesOf(pdb));

        pdb.NamedStream("srcsrv", [1]);
        Assert.Equal(ObjectFeatures.Symbols | ObjectFeatures.UnwindInfo | ObjectFeatures.Sources, FeaturesOf(pdb));

        pdb.Module("second.obj", Symbols);
        Assert.Equal(
            ObjectFeatures.Symbols | ObjectFeatures.UnwindInfo | ObjectFeatures.Sources | ObjectFeatures.DebugInfo, FeaturesOf(pdb));
    }

    [Theory]
    [InlineData(true, ObjectShortcoming.DebugInfoInObjectFiles)]
    [InlineData(false, ObjectShortcoming.PrivateSymbolsRemoved)]
    public void A_file_without_private_symbols_says_so(bool isMinimal, ObjectShortcoming expected)
    {
        var pdb = new PdbBuilder { DbiFlags = isMinimal ? (ushort)0 : (ushort)2 };
        if (isMinimal)
        {
            pdb.Features.Add(0x494e_494d);
        }

        pdb.Module("names of object files and compilers are left.obj", Symbols);
        using var image = Open(pdb);
        Assert.Equal(expected, image.Shortcoming);
        Assert.NotNull(image.Shortcoming.Describe());
        Assert.Equal(ObjectFeatures.None, image.Features);
    }

    [Fact]
    public void Lines_count_whatever_the_flags_say()
    {
        var pdb = new PdbBuilder { DbiFlags = 2 };
        pdb.Module("first.obj", Symbols, c13: new byte[8]);
        Assert.Equal(ObjectFeatures.DebugInfo, FeaturesOf(pdb));
    }

    [Fact]
    public void Types_alone_are_nothing_to_symbolicate_with()
    {
        var thrown = Assert.Throws<MalformedFileException>(() => Open(new PdbBuilder { OmitDbi = true }));
        Assert.Equal(MalformedReason.Unsupported, thrown.Fault.Reason);
    }

    [Fact]
    public void Files_of_visual_c_6_are_named_as_what_they_are()
    {
        byte[] bytes = new byte[4096];
        "Microsoft C/C++ program database 2.00\r\n\u001aJG\0\0"u8.CopyTo(bytes);
        using var file = new MemoryFileBytes(bytes);

        var thrown = Assert.Throws<MalformedFileException>(() => ObjectFormats.Open(file));

        Assert.Equal((FileFormat.Pdb, MalformedReason.Unsupported), (thrown.Format, thrown.Fault.Reason));
        Assert.Contains("2.00", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_object_gives_its_bytes_back()
    {
        var file = new MemoryFileBytes(new PdbBuilder().Build());
        var image = ObjectFormats.Open(file).Single();
        file.Dispose();
        Assert.False(image.OpenSymbols(new InternPool()).TryReadNext(out _));
        image.Dispose();

        Assert.False(file.TryRetain());
        Assert.Throws<ObjectDisposedException>(() => image.OpenSymbols(new InternPool()));
    }

    internal static IObjectFile Open(PdbBuilder pdb)
    {
        using var file = new MemoryFileBytes(pdb.Build());
        return ObjectFormats.Open(file).Single();
    }

    private static ObjectFeatures FeaturesOf(PdbBuilder pdb)
    {
        using var image = Open(pdb);
        return image.Features;
    }
}
