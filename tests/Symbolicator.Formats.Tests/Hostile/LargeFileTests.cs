using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Elf;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Tests.Elf;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Hostile;

/// <summary>Everything of an image beyond the reach of 32 bits, in a file that takes no room on the disk.</summary>
public sealed class LargeFileTests
{
    private const long Base = 5L << 30;

    [Theory]
    [InlineData("elf/sym-x64.so")]
    [InlineData("elf/sym-x64.debug-zlib")]
    [InlineData("elf/dwarf-gcc-v5.so")]
    public void Offsets_beyond_four_gigabytes_are_followed(string fixture)
    {
        byte[] original = Fixture.Bytes(fixture);
        string path = Path.GetTempFileName();
        try
        {
            WriteFar(original, path);
            using var bytes = MappedFileBytes.Open(path);
            using var far = (ElfObject)ObjectFormats.Open(bytes).Single();
            using var near = (ElfObject)ElfReading.Open(original);

            Assert.Equal(near.CodeId, far.CodeId);
            Assert.Equal((near.ImageBase, near.ImageSize, near.Features, near.Kind), (far.ImageBase, far.ImageSize, far.Features, far.Kind));
            Assert.Equal(ElfReading.Symbols(near), ElfReading.Symbols(far));
            Assert.Equal(Functions(near), Functions(far));
            Assert.Equal(near.OpenUnwindTable()?.EstimatedBytes, far.OpenUnwindTable()?.EstimatedBytes);
            Assert.True(far.Faults.IsEmpty);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static List<string> Functions(ElfObject image)
    {
        var names = new InternPool();
        var found = new List<string>();
        using var session = image.OpenDebugSession(names);
        var function = new FunctionBuffer();
        while (session?.TryReadNext(function) == true)
        {
            found.Add($"{System.Text.Encoding.UTF8.GetString(names.Get(function.Name))} {string.Join(',', function.Ranges)} {function.Lines.Count}");
        }

        return found;
    }

    /// <summary>The whole image moved behind a hole; only its header stays where it must be.</summary>
    private static void WriteFar(byte[] original, string path)
    {
        byte[] moved = [.. original];
        byte[] header = original[..64];
        Shift(header, 32); // e_phoff
        Shift(header, 40); // e_shoff
        long segments = BinaryPrimitives.ReadInt64LittleEndian(original.AsSpan(32));
        for (int i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(original.AsSpan(56)); i++)
        {
            Shift(moved, (int)segments + (i * 56) + 8); // p_offset
        }

        long sections = BinaryPrimitives.ReadInt64LittleEndian(original.AsSpan(40));
        for (int i = 1; i < BinaryPrimitives.ReadUInt16LittleEndian(original.AsSpan(60)); i++)
        {
            Shift(moved, (int)sections + (i * 64) + 24); // sh_offset
        }

        using var file = new FileStream(path, FileMode.Create);
        file.Write(header);
        file.Position = Base;
        file.Write(moved);
    }

    private static void Shift(byte[] bytes, int at) =>
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), Base + BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at)));
}
