using System.Diagnostics;
using System.IO.Compression;
using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;
using Symbolicator.TestKit.Bytes;

namespace Symbolicator.Formats.Tests.Archives;

/// <summary>Each compression by the tool that made it, truncation, damage, limits, and what is refused.</summary>
public sealed class UnpackerTests
{
    private static readonly byte[] Content = MakeContent();

    public static TheoryData<CompressionKind> Kinds =>
        [CompressionKind.Zstd, CompressionKind.Gzip, CompressionKind.Zlib, CompressionKind.Zip, CompressionKind.Xz];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Content_comes_back(CompressionKind kind)
    {
        byte[] packed = Pack(kind);
        var (result, output) = Unpack(packed);

        Assert.Equal(new UnpackResult(UnpackStatus.Unpacked, kind, packed.Length, Content.Length), result);
        Assert.Equal(Content, output);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_truncation_is_malformed(CompressionKind kind)
    {
        byte[] packed = Pack(kind);
        foreach (int length in (int[])[4, 10, 20, packed.Length / 2, packed.Length - 20, packed.Length - 9, packed.Length - 2, packed.Length - 1])
        {
            var (result, _) = Unpack(packed[..length]);
            Assert.Equal((length, UnpackStatus.Malformed, kind), (length, result.Status, result.Compression));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damage_is_never_taken_for_content(CompressionKind kind)
    {
        byte[] packed = Pack(kind);
        Mutator.Run(Mutator.Mutations(packed, headerBytes: 40, random: 100, seed: (int)kind, keep: 6), bytes =>
        {
            var (result, output) = Unpack(bytes);
            Assert.True(result.Status != UnpackStatus.Unpacked || output.AsSpan().SequenceEqual(Content));
        });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_size_limit_holds_at_and_one_past(CompressionKind kind)
    {
        byte[] packed = Pack(kind);

        Assert.Equal(UnpackStatus.Unpacked, Unpack(packed, new UnpackLimits { Bytes = Content.Length }).Result.Status);
        var (result, output) = Unpack(packed, new UnpackLimits { Bytes = Content.Length - 1 });
        Assert.Equal(UnpackStatus.TooLarge, result.Status);
        Assert.True(output.Length < Content.Length);
    }

    [Fact]
    public void Frames_and_members_that_follow_each_other_are_one_content()
    {
        byte[] gzip = Pack(CompressionKind.Gzip), zstd = Pack(CompressionKind.Zstd), xz = Pack(CompressionKind.Xz);
        byte[] twice = [.. Content, .. Content];

        Assert.Equal(twice, Unpack([.. gzip, .. gzip]).Output);
        Assert.Equal(twice, Unpack([.. zstd, .. zstd]).Output);
        Assert.Equal(twice, Unpack([.. xz, .. xz]).Output);
        Assert.Equal(UnpackStatus.Malformed, Unpack([.. gzip, .. gzip[..^1]]).Result.Status);
    }

    [Fact]
    public void A_bomb_ends_at_the_ratio()
    {
        byte[] zeros = new byte[80 << 20];
        var (result, output) = Unpack(Run("zstd", zeros, "-q", "-c"));

        Assert.Equal(UnpackStatus.TooLarge, result.Status);
        Assert.InRange(output.Length, 1, Unpacker.RatioExemptBytes);
    }

    [Fact]
    public void A_window_over_the_limit_is_malformed_and_takes_no_memory()
    {
        byte[] packed = Run("zstd", Content, "-q", "-c", "--long=27", "--no-check");

        Assert.Equal(UnpackStatus.Unpacked, Unpack(packed).Result.Status);
        Assert.Equal(UnpackStatus.Malformed, Unpack(packed, new UnpackLimits { ZstdWindowLog = 10 }).Result.Status);
    }

    [Fact]
    public void Xz_that_needs_more_memory_than_allowed_is_malformed() =>
        Assert.Equal(
            UnpackStatus.Malformed, Unpack(Run("xz", Content, "-c", "-9"), new UnpackLimits { XzMemory = 1 << 20 }).Result.Status);

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("\u007fELF and the rest")]
    [InlineData("MODULE Linux x86_64 000 a")]
    public void What_is_not_compressed_is_left_alone(string text)
    {
        var (result, output) = Unpack(System.Text.Encoding.ASCII.GetBytes(text));

        Assert.Equal(new UnpackResult(UnpackStatus.NotCompressed, CompressionKind.None, text.Length), result);
        Assert.Empty(output);
    }

    [Fact]
    public void Zips_of_several_entries_are_unsupported()
    {
        Assert.Equal((UnpackStatus.Unsupported, CompressionKind.Zip), Shape(Unpack(Zip(2)).Result));
        Assert.Equal(UnpackStatus.Unpacked, Unpack(Zip(1)).Result.Status);
    }

    [Fact]
    public void A_zip_whose_counts_are_hostile_allocates_nothing()
    {
        // An end record that promises one entry, in front of a directory that would repeat for megabytes.
        var zip = new ByteBuilder().U32(0x04034b50).Zeros(26);
        int directory = zip.Length;
        for (int i = 0; i < 50_000; i++)
        {
            zip.U32(0x02014b50).Zeros(42);
        }

        zip.U32(0x06054b50).Zeros(4).U16(1).U16(1).U32(0).U32((uint)directory).U16(0);
        byte[] bytes = zip.ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var (result, _) = Unpack(bytes);

        Assert.Equal(UnpackStatus.Unpacked, result.Status); // one empty, stored entry
        Assert.Equal(0, result.BytesOut);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_cancelled_caller_ends_the_copy()
    {
        using var file = new MemoryFileBytes(Pack(CompressionKind.Gzip));
        var cancelled = new CancellationToken(canceled: true);

        Assert.Throws<OperationCanceledException>(() => Unpacker.Unpack(file, Stream.Null, new UnpackLimits(), cancelled));
    }

    [Fact]
    public void The_native_libraries_are_there() => Assert.Empty(ArchiveLibraries.FindMissing());

    [Fact]
    public void A_missing_library_names_its_package() =>
        Assert.Contains("libzstd1", new MissingLibraryException("libzstd.so.1", "libzstd1").Message, StringComparison.Ordinal);

    private static (UnpackStatus Status, CompressionKind Kind) Shape(UnpackResult result) => (result.Status, result.Compression);

    private static (UnpackResult Result, byte[] Output) Unpack(byte[] packed, UnpackLimits? limits = null)
    {
        using var file = new MemoryFileBytes(packed);
        var output = new MemoryStream();
        var result = Unpacker.Unpack(file, output, limits ?? new UnpackLimits(), TestContext.Current.CancellationToken);
        return (result, output.ToArray());
    }

    private static byte[] Pack(CompressionKind kind) => kind switch
    {
        CompressionKind.Zstd => Run("zstd", Content, "-q", "-c", "--check"),
        CompressionKind.Gzip => Run("gzip", Content, "-c", "-n"),
        CompressionKind.Xz => Run("xz", Content, "-c"),
        CompressionKind.Zip => Zip(1),
        _ => Zlib(),
    };

    private static byte[] Zlib()
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(Content);
        }

        return packed.ToArray();
    }

    private static byte[] Zip(int entries)
    {
        var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i < entries; i++)
            {
                using var entry = zip.CreateEntry($"entry{i}").Open();
                entry.Write(Content);
            }
        }

        return packed.ToArray();
    }

    private static byte[] Run(string tool, byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{tool} is not installed");
        }

        using (process)
        {
            var writing = Task.Run(() =>
            {
                process!.StandardInput.BaseStream.Write(input);
                process.StandardInput.Close();
            });
            var output = new MemoryStream();
            process!.StandardOutput.BaseStream.CopyTo(output);
            writing.Wait(TimeSpan.FromSeconds(30));
            process.WaitForExit();
            return output.ToArray();
        }
    }

    private static byte[] MakeContent()
    {
        byte[] content = new byte[300_000];
        new Random(3).NextBytes(content.AsSpan(0, 60_000));
        for (int i = 60_000; i < content.Length; i++)
        {
            content[i] = (byte)(i / 100);
        }

        return content;
    }
}
