using System.Buffers.Binary;
using Symbolicator.Formats.Core;
using Symbolicator.TestKit;

namespace Symbolicator.SymCache.Tests;

public sealed class CorruptionTests
{
    private const int MaxFrames = 4096;

    [Theory]
    [InlineData(StringProfile.Compact)]
    [InlineData(StringProfile.Plain)]
    public void Each_flipped_byte_is_refused_or_answered_within_bounds(StringProfile profile)
    {
        byte[] original = Caches.Build(Samples.Forty(), new SymCacheOptions { StringProfile = profile });
        var mutations = new List<Mutation>();
        for (int at = 0; at < original.Length; at++)
        {
            byte[] bytes = [.. original];
            bytes[at] ^= (byte)(at % 2 == 0 ? 0xff : 0x80);
            mutations.Add(new Mutation($"flip at {at}", bytes));
        }

        Mutator.Run(mutations, ReadEverything);
    }

    [Fact]
    public void Headers_with_valid_checksums_but_other_values_are_refused_or_answered_within_bounds()
    {
        byte[] original = Caches.Build(Samples.Forty());
        int sections = BinaryPrimitives.ReadInt32LittleEndian(original.AsSpan(12));
        var mutations = new List<Mutation>();
        for (int at = 8; at < 128 + (sections * 32); at += 4)
        {
            foreach (uint value in (uint[])[0, 1, 0x7fffffff, 0xffffffff, 0x10000])
            {
                byte[] bytes = [.. original];
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);
                mutations.Add(new Mutation($"{value:x} at {at}", Sealed(bytes)));
            }
        }

        Mutator.Run(mutations, ReadEverything);
    }

    [Fact]
    public void Damaged_pages_of_an_image_above_four_gigabytes_are_answered_within_bounds()
    {
        byte[] original = Caches.Build(HugeImageTests.Spread());
        Mutator.Run(Mutator.Mutations(original, headerBytes: 512, random: 1500, seed: 7, keep: 128), ReadEverything);
    }

    [Fact]
    public void Truncations_and_random_damage_are_contained()
    {
        byte[] original = Caches.Build(Samples.Forty());
        Mutator.Run(Mutator.Mutations(original, headerBytes: 512, random: 1500, seed: 3), ReadEverything);
    }

    [Fact]
    public void A_damaged_section_fails_verification_with_its_offset()
    {
        byte[] bytes = Caches.Build(Samples.Forty());
        using (var whole = Caches.Open(bytes))
        {
            Assert.InRange(whole.Verify(), 1000, bytes.Length - 128);
        }

        int rows = 128 + 32; // second entry of the directory
        int offset = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(rows + 8));
        bytes[offset + 5] ^= 1;
        using var cache = Caches.Open(bytes);
        var error = Assert.Throws<MalformedFileException>(() => cache.Verify());
        Assert.Equal(new ParseFault(MalformedReason.BadChecksum, offset), error.Fault);
    }

    [Fact]
    public void Ids_past_the_counts_are_unknown_functions_and_files()
    {
        byte[] bytes = Caches.Build(Samples.Forty());
        Patch(bytes, 84, 1); // functions
        Patch(bytes, 88, 1); // entries
        Patch(bytes, 92, 0); // files
        using var cache = Caches.Open(Sealed(bytes));
        int unknown = 0;
        foreach (var frame in cache.Lookup(0x2028))
        {
            Assert.Equal(0, frame.FileId);
            Assert.Equal(-1, frame.FunctionId);
            Assert.Equal("", cache.GetFunctionName(frame.FunctionId));
            unknown++;
        }

        Assert.Equal(3, unknown);
    }

    /// <summary>Everything that can be asked.</summary>
    private static void ReadEverything(byte[] bytes)
    {
        using var cache = Caches.Open(bytes);
        for (ulong rva = 0x7f8; rva < 0x4000; rva += 0x1f8)
        {
            Walk(cache.Lookup(rva), cache);
        }

        foreach (ulong rva in (ulong[])[ulong.MaxValue, 1UL << 32, 0x1_0000_1000, 0x3_0000_0000, uint.MaxValue])
        {
            Walk(cache.Lookup(rva), cache);
        }

        int budget = 2_000; // counts of a damaged header may be large; what they say is checked above
        foreach (var row in cache.Rows)
        {
            Walk(cache.FramesOf(row), cache);
            if (--budget == 0)
            {
                break;
            }
        }

        foreach (var function in cache.Functions)
        {
            cache.GetFunctionName(function.Id);
            if (--budget == 0)
            {
                break;
            }
        }

        for (int id = 0; id < Math.Min(cache.Info.FileCount, 20) + 2; id++)
        {
            cache.GetPath(id);
        }

        cache.Verify();
    }

    private static void Walk(FrameEnumerator frames, SymCacheFile cache)
    {
        int count = 0;
        foreach (var frame in frames)
        {
            count++;
            if (count < 8)
            {
                cache.GetFunctionName(frame.FunctionId);
            }
        }

        Assert.InRange(count, 0, MaxFrames);
    }

    private static void Patch(byte[] bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);

    /// <summary>Corrects the checksums of directory and header, as an attacker would.</summary>
    private static byte[] Sealed(byte[] bytes)
    {
        long directory = (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)) * 32L)
            + BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(104));
        if (directory <= bytes.Length - 128)
        {
            Patch(bytes, 112, LayoutTests.SlowCrc32C(bytes.AsSpan(128, (int)directory)));
        }

        Patch(bytes, 124, LayoutTests.SlowCrc32C(bytes.AsSpan(0, 124)));
        return bytes;
    }
}
