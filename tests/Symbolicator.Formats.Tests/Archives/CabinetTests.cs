using System.Security.Cryptography;
using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.Formats.Tests.Archives;

/// <summary>Cabinets against what cabextract takes out of them, and what is refused.</summary>
public sealed class CabinetTests
{
    private const int FlagsAt = 30;
    private const int FolderAt = 36;

    /// <summary>Name, bytes and SHA-256 of the content, as cabextract has them.</summary>
    public static TheoryData<string, long, string> Cabinets
    {
        get
        {
            var data = new TheoryData<string, long, string>();
            foreach (string line in Fixture.Oracle("cab/content.txt"))
            {
                string[] fields = line.Split(' ');
                data.Add(fields[0], long.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture), fields[2]);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cabinets))]
    public void Content_is_what_cabextract_finds(string name, long bytes, string hash)
    {
        var (result, output) = Unpack(Bytes(name));

        Assert.Equal((UnpackStatus.Unpacked, CompressionKind.Cab, bytes, null), (result.Status, result.Compression, result.BytesOut, result.Detail));
        Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(output)));
    }

    [Theory]
    [InlineData("lzx-mixed")]
    [InlineData("mszip")]
    [InlineData("stored-gcab")]
    public void Every_truncation_is_malformed(string name)
    {
        byte[] cab = Bytes(name);
        for (int length = 4; length < cab.Length; length += length < 120 ? 1 : cab.Length / 50)
        {
            Assert.Equal((length, UnpackStatus.Malformed), (length, Unpack(cab[..length]).Result.Status));
        }
    }

    [Theory]
    [InlineData("lzx-mixed")]
    [InlineData("lzx-calls")]
    [InlineData("mszip")]
    [InlineData("stored")]
    public void Damage_of_the_data_is_never_taken_for_content(string name)
    {
        byte[] cab = Bytes(name);
        byte[] content = Unpack(cab).Output;
        Mutator.Run(Mutator.Mutations(cab, headerBytes: 0, random: 150, seed: 5, keep: 90), bytes =>
        {
            var (result, output) = Unpack(bytes);
            Assert.True(result.Status != UnpackStatus.Unpacked || output.AsSpan().SequenceEqual(content));
        });
    }

    [Theory]
    [InlineData("lzx-mixed")]
    [InlineData("lzx-frames")]
    [InlineData("lzx-calls")]
    [InlineData("lzx-long-codes")]
    [InlineData("mszip")]
    [InlineData("two-files")]
    [InlineData("reserved")]
    public void Damage_behind_checksums_is_contained(string name)
    {
        // Without checksums the decoders themselves see the damage. Not everything can be told from content, but nothing escapes.
        byte[] cab = Bytes(name);
        DropChecksums(cab);
        int different = 0;
        Mutator.Run(Mutator.Mutations(cab, headerBytes: 110, random: 300, seed: 6), bytes =>
            different += Unpack(bytes).Result.Status == UnpackStatus.Unpacked ? 0 : 1);
        Assert.True(different > 100);
    }

    [Fact]
    public void A_wrong_checksum_is_malformed()
    {
        byte[] cab = Bytes("stored");
        cab[^1] ^= 1;

        Assert.Equal(UnpackStatus.Malformed, Unpack(cab).Result.Status);
        Assert.Equal(UnpackStatus.Unpacked, Unpack(WithoutSums(cab)).Result.Status);
    }

    [Fact]
    public void Reserved_bytes_of_a_block_may_count_in_its_checksum()
    {
        // One block of four bytes behind one reserved byte: the words are cbData and cbUncomp, 00 01 and the content.
        byte[] cab = Cab(method: 0, [0x41, 0x42, 0x43, 0x44], size: 4, reserved: [0x10], sum: 0x0004_0004 ^ 0x4443_4241 ^ 0x10);

        Assert.Equal("ABCD"u8.ToArray(), Unpack(cab).Output);
        Assert.Equal(UnpackStatus.Unpacked, Unpack(Cab(0, [0x41, 0x42, 0x43, 0x44], 4, [0x10], sum: 0x0004_0004 ^ 0x4443_4241)).Result.Status);
        Assert.Equal(UnpackStatus.Malformed, Unpack(Cab(0, [0x41, 0x42, 0x43, 0x44], 4, [0x10], sum: 0x0004_0004 ^ 0x4443_4240)).Result.Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_cabinet_of_a_set_is_unsupported(byte flags)
    {
        byte[] cab = Bytes("stored");
        cab[FlagsAt] = flags;

        var result = Unpack(cab).Result;
        Assert.Equal(UnpackStatus.Unsupported, result.Status);
        Assert.Contains("one of a set", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x0602, "Quantum")]
    [InlineData(0x0e03, "2^14")]
    [InlineData(0x1603, "2^22")]
    [InlineData(0x0004, "method 4")]
    public void A_method_that_is_not_read_is_named(int method, string named)
    {
        byte[] cab = Bytes("stored");
        cab[FolderAt + 6] = (byte)method;
        cab[FolderAt + 7] = (byte)(method >> 8);

        var result = Unpack(cab).Result;
        Assert.Equal(UnpackStatus.Unsupported, result.Status);
        Assert.Contains(named, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_files_without_an_object_none_is_taken()
    {
        byte[] cab = Bytes("two-files");
        byte[] plain = Unpack(cab).Output;
        Assert.StartsWith("MODULE ", System.Text.Encoding.ASCII.GetString(plain, 0, 7), StringComparison.Ordinal);
        byte[] texts = Cab(0, [.. new byte[100]], 100, [], 0, files: [(40, 0), (60, 40)]);

        var result = Unpack(texts).Result;
        Assert.Equal(UnpackStatus.Unsupported, result.Status);
        Assert.Contains("none of 2 files", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void The_size_limit_holds_at_and_one_past()
    {
        byte[] cab = Bytes("lzx-verbatim");

        Assert.Equal(UnpackStatus.Unpacked, Unpack(cab, new UnpackLimits { Bytes = 60_000 }).Result.Status);
        Assert.Equal(UnpackStatus.TooLarge, Unpack(cab, new UnpackLimits { Bytes = 59_999 }).Result.Status);
    }

    [Fact]
    public void A_bomb_ends_at_the_ratio()
    {
        // 64 MiB of zeros and more: each block is a literal and 127 matches.
        byte[] block = Deflate(new byte[32768]);
        byte[] cab = Cab(method: 1, [0x43, 0x4b, .. block], 32768, [], 0, blocks: 2200);

        Assert.Equal(UnpackStatus.TooLarge, Unpack(cab, new UnpackLimits { Ratio = 300 }).Result.Status);
        Assert.Equal(2200 * 32768L, Unpack(cab).Result.BytesOut);
    }

    [Fact]
    public void A_search_through_folders_that_share_their_data_is_bounded()
    {
        // 60,000 files want the last byte of the same 70 MB: each would decompress them again.
        byte[] block = Deflate(new byte[32768]);
        byte[] cab = Cab(1, [0x43, 0x4b, .. block], 32768, [], 0, blocks: 2200, files: [.. Enumerable.Repeat((1, (2200 * 32768) - 1), 60_000)]);
        using var guard = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var file = new MemoryFileBytes(cab);

        Assert.Equal(UnpackStatus.Unsupported, Unpacker.Unpack(file, Stream.Null, new UnpackLimits { Ratio = 100 }, guard.Token).Status);
    }

    [Fact]
    public void A_search_through_files_of_a_large_window_is_bounded()
    {
        // 60,000 files are the same 16 bytes: each look at them takes a window of 2 MiB.
        byte[] frame = [0x00, 0x30, 0x00, 0x01, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, .. "sixteen bytes..."u8]; // uncompressed, 28 bits and padding
        Assert.Equal("sixteen bytes..."u8.ToArray(), Unpack(Cab(0x1503, frame, 16, [], 0)).Output);
        byte[] cab = Cab(0x1503, frame, 16, [], 0, files: [.. Enumerable.Repeat((16, 0), 60_000)]);
        using var file = new MemoryFileBytes(cab);
        long before = GC.GetAllocatedBytesForCurrentThread();

        var result = Unpacker.Unpack(file, Stream.Null, new UnpackLimits { Ratio = 100 }, TestContext.Current.CancellationToken);

        Assert.Equal(UnpackStatus.Unsupported, result.Status);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Mutator.AllowedBytes);
    }

    [Fact]
    public void What_lies_in_front_of_a_file_counts_for_its_size()
    {
        byte[] cab = Cab(1, [0x43, 0x4b, .. Deflate(new byte[32768])], 32768, [], 0, blocks: 2200, files: [(1, (2200 * 32768) - 1)]);

        Assert.Equal(UnpackStatus.Unpacked, Unpack(cab, new UnpackLimits { Bytes = (2200 * 32768) - 1 }).Result.Status);
        Assert.Equal(UnpackStatus.TooLarge, Unpack(cab, new UnpackLimits { Bytes = (2200 * 32768) - 2 }).Result.Status);
        Assert.Equal(UnpackStatus.TooLarge, Unpack(cab, new UnpackLimits { Ratio = 100 }).Result.Status);
    }

    [Fact]
    public void A_file_that_ends_behind_its_folder_is_malformed()
    {
        byte[] content = new byte[100];

        Assert.Equal(UnpackStatus.Unpacked, Unpack(Cab(0, content, 100, [], 0, files: [(100, 0)])).Result.Status);
        Assert.Equal(UnpackStatus.Unpacked, Unpack(Cab(0, content, 100, [], 0, files: [(99, 1)])).Result.Status);
        Assert.Equal(UnpackStatus.Malformed, Unpack(Cab(0, content, 100, [], 0, files: [(101, 0)])).Result.Status);
        Assert.Equal(UnpackStatus.Malformed, Unpack(Cab(0, content, 100, [], 0, files: [(100, 1)])).Result.Status);
        Assert.Equal(UnpackStatus.Malformed, Unpack(Cab(0, content, 100, [], 0, files: [(1, 1 << 26)])).Result.Status);
    }

    [Fact]
    public void Counts_that_the_file_cannot_hold_allocate_nothing()
    {
        byte[] cab = Bytes("lzx-tiny");
        cab[26] = cab[27] = cab[28] = cab[29] = 0xff; // cFolders, cFiles
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(UnpackStatus.Malformed, Unpack(cab).Result.Status);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    private static (UnpackResult Result, byte[] Output) Unpack(byte[] cab, UnpackLimits? limits = null)
    {
        using var file = new MemoryFileBytes(cab);
        var output = new MemoryStream();
        var result = Unpacker.Unpack(file, output, limits ?? new UnpackLimits(), TestContext.Current.CancellationToken);
        return (result, output.ToArray());
    }

    private static byte[] Bytes(string name) => Fixture.Bytes($"cab/{name}.cab");

    private static byte[] WithoutSums(byte[] cab)
    {
        byte[] copy = [.. cab];
        DropChecksums(copy);
        return copy;
    }

    /// <summary>Sets the checksums of the only folder's blocks to zero, which means that there is none.</summary>
    private static void DropChecksums(byte[] cab)
    {
        bool reserves = (cab[FlagsAt] & 4) != 0;
        int folder = FolderAt + (reserves ? 4 + BitConverter.ToUInt16(cab, 36) : 0);
        int perBlock = reserves ? cab[39] : 0;
        int at = BitConverter.ToInt32(cab, folder);
        for (int left = BitConverter.ToUInt16(cab, folder + 4); left > 0; left--)
        {
            cab.AsSpan(at, 4).Clear();
            at += 8 + perBlock + BitConverter.ToUInt16(cab, at + 4);
        }
    }

    /// <summary>A cabinet of one folder, all of whose blocks are the same.</summary>
    private static byte[] Cab(
        int method, byte[] packed, int size, byte[] reserved, uint sum, int blocks = 1, (int Size, int Start)[]? files = null)
    {
        files ??= [(size * blocks, 0)];
        var cab = new TestKit.Bytes.ByteBuilder().Text("MSCF").U32(0).U32(0).U32(0).U32((uint)(36 + 8 + (reserved.Length == 0 ? 0 : 4)))
            .U32(0).U16(0x103).U16(1).U16(files.Length).U16(reserved.Length == 0 ? 0 : 4).U32(0);
        if (reserved.Length != 0)
        {
            cab.U16(0).U8(0).U8(reserved.Length);
        }

        cab.U32((uint)(cab.Length + 8 + (files.Length * 18))).U16(blocks).U16(method);
        foreach (var (bytes, start) in files)
        {
            cab.U32((uint)bytes).U32((uint)start).U16(0).Zeros(6).CString("f");
        }

        for (int i = 0; i < blocks; i++)
        {
            cab.U32(sum).U16(packed.Length).U16(size).Bytes(reserved).Bytes(packed);
        }

        byte[] result = cab.ToArray();
        BitConverter.TryWriteBytes(result.AsSpan(8), result.Length);
        return result;
    }

    private static byte[] Deflate(byte[] content)
    {
        var packed = new MemoryStream();
        using (var deflate = new System.IO.Compression.DeflateStream(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(content);
        }

        return packed.ToArray();
    }
}
