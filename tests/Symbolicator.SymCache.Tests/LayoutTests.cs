using System.Buffers.Binary;
using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

/// <summary>The bytes of docs/symcache-format.md, decoded by hand.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void The_header_lies_where_the_format_says()
    {
        var file = Samples.Forty();
        byte[] bytes = Caches.Build(file, new SymCacheOptions { SourceSize = 0x1122334455 });

        Assert.Equal("SCF1"u8, bytes.AsSpan(0, 4));
        Assert.Equal(1, BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(4)));
        Assert.Equal(0, BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(6)));
        Assert.Equal("67452301ab89efcd0123456789abcdef", Convert.ToHexStringLower(bytes.AsSpan(16, 16)));
        Assert.Equal((byte)Arch.Amd64, bytes[36]);
        Assert.Equal((byte)ObjectKind.Debug, bytes[38]);
        Assert.Equal((byte)FileFormat.Elf, bytes[39]);
        Assert.Equal(0x10000, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40)));
        Assert.Equal(bytes.Length, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(48)));
        Assert.Equal(0x1122334455, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(64)));
        Assert.Equal(SlowCrc32C(bytes.AsSpan(0, 124)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(124)));
        int sections = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        int identity = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(104));
        Assert.Equal(41 + "libforty.so".Length, identity);
        Assert.Equal(0x400000, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(116)));
        var directory = bytes.AsSpan(128, (sections * 32) + identity);
        Assert.Equal("0123456789abcdef0123456789abcdef01234567\0libforty.so", Encoding.UTF8.GetString(directory[^identity..]));
        Assert.Equal(SlowCrc32C(directory), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(112)));
    }

    [Fact]
    public void Sections_are_aligned_ordered_and_checksummed()
    {
        byte[] bytes = Caches.Build(Samples.Forty());
        int sections = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        long end = 128 + (sections * 32) + 41 + "libforty.so".Length;
        uint lastKind = 0;
        for (int i = 0; i < sections; i++)
        {
            var entry = bytes.AsSpan(128 + (i * 32), 32);
            uint kind = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            int offset = (int)BinaryPrimitives.ReadInt64LittleEndian(entry[8..]);
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(entry[16..]);
            Assert.True(kind > lastKind);
            Assert.Equal(0, offset % 64);
            Assert.InRange(offset, end, end + 63);
            Assert.Equal(SlowCrc32C(bytes.AsSpan(offset, length)), BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]));
            (lastKind, end) = (kind, offset + length);
        }

        Assert.Equal(bytes.Length, end);
    }

    [Fact]
    public void A_small_cache_is_these_bytes()
    {
        var file = new FakeObjectFile();
        file.Functions.Add(new FakeFunction("outer", new AddressRange(0x10, 0x30))
        {
            Language = SourceLanguage.C,
            Lines = [(0x10, "/s/a.c", 3), (0x20, "/s/b.h", 9)],
            Inlines = [new FakeInline(0, "inner", "/s/a.c", 4, new AddressRange(0x20, 0x28))],
        });
        byte[] bytes = Caches.Build(file);

        // One block at 0x10: context 0 file 1 line 3; +16: context 1 file 2 line 9; +8: context 0, same file and line; +8: gap.
        Assert.Equal("10000000" + "00000000", Hex(bytes, 1));
        Assert.Equal("04" + "020106" + "10" + "06020c" + "08" + "0300" + "08" + "00", Hex(bytes, 2));

        // Groups at 4. Root: 0, function 0. Node: 1 up, function 1, file 1, line 4.
        Assert.Equal("04000000" + "0000" + "01010104", Hex(bytes, 3));

        // Names 2 "outer" and 1 "inner"; entry 0x10; C from debug information, C.
        Assert.Equal("0200000001000000" + "10000000" + "8101", Hex(bytes, 4));

        // Files as (directory, name, compilation directory) of the paths "/s", "a.c", "b.h".
        Assert.Equal("010000000200000000000000" + "010000000300000000000000", Hex(bytes, 5));
        Assert.Equal("04000000" + "0005" + Ascii("inner") + "0005" + Ascii("outer"), Hex(bytes, 6));
        Assert.Equal("04000000" + "0002" + Ascii("/s") + "0003" + Ascii("a.c") + "0003" + Ascii("b.h"), Hex(bytes, 7));

        // Size 32, one inlined call, depth 1.
        Assert.Equal("200101", Hex(bytes, 8));
        Assert.Equal("", Hex(bytes, 9));
    }

    [Fact]
    public void Plain_strings_are_views_and_compact_ones_are_copies()
    {
        using var plain = Caches.Open(Samples.Forty(), new SymCacheOptions { StringProfile = StringProfile.Plain });
        using var compact = Caches.Open(Samples.Forty());
        Assert.Equal(plain.Info.FunctionCount, compact.Info.FunctionCount);
        Span<byte> copy = stackalloc byte[64];
        for (int id = 0; id < plain.Info.FunctionCount; id++)
        {
            Assert.True(plain.TryGetFunctionNameSpan(id, out var view));
            Assert.False(compact.TryGetFunctionNameSpan(id, out _));
            int length = compact.CopyFunctionName(id, copy);
            Assert.Equal(Encoding.UTF8.GetString(view), Encoding.UTF8.GetString(copy[..length]));
            Assert.Equal(-length, compact.CopyFunctionName(id, copy[..(length - 1)]));
            Assert.Equal(-length, plain.CopyFunctionName(id, copy[..(length - 1)]));
        }

        Assert.Equal(0, compact.CopyFunctionName(compact.Info.FunctionCount, copy));
        Assert.Equal("", plain.GetFunctionName(-1));
        Assert.Null(compact.GetPath(compact.Info.FileCount + 1));
    }

    [Fact]
    public void Trailing_bytes_are_tolerated_and_missing_ones_are_not()
    {
        byte[] bytes = Caches.Build(Samples.Forty());
        using (var longer = Caches.Open([.. bytes, 1, 2, 3]))
        {
            Assert.Equal("_init@800 ?:0", longer.Show(0x800));
        }

        var shorter = Assert.Throws<MalformedFileException>(() => Caches.Open(bytes[..^1]));
        Assert.Equal(new ParseFault(MalformedReason.Truncated, 48), shorter.Fault);
    }

    [Fact]
    public void Another_magic_or_major_version_is_refused()
    {
        byte[] bytes = Caches.Build(Samples.Forty());
        byte[] magic = [.. bytes];
        magic[3]++;
        Assert.Equal(MalformedReason.BadMagic, Assert.Throws<MalformedFileException>(() => Caches.Open(magic)).Fault.Reason);
        byte[] major = [.. bytes];
        major[4]++;
        Assert.Equal(MalformedReason.BadVersion, Assert.Throws<MalformedFileException>(() => Caches.Open(major)).Fault.Reason);
    }

    /// <summary>CRC-32C bit by bit: reflected polynomial 0x82f63b78.</summary>
    internal static uint SlowCrc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
            }
        }

        return ~crc;
    }

    /// <summary>Bytes of the section of a kind; empty when there is none.</summary>
    private static string Hex(byte[] bytes, uint kind)
    {
        int sections = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        for (int i = 0; i < sections; i++)
        {
            var entry = bytes.AsSpan(128 + (i * 32), 32);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) == kind)
            {
                int offset = (int)BinaryPrimitives.ReadInt64LittleEndian(entry[8..]);
                return Convert.ToHexStringLower(bytes.AsSpan(offset, (int)BinaryPrimitives.ReadInt64LittleEndian(entry[16..])));
            }
        }

        return "";
    }

    private static string Ascii(string text) => Convert.ToHexStringLower(Encoding.ASCII.GetBytes(text));
}
