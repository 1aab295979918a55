using System.Buffers.Binary;
using System.Diagnostics;
using Symbolicator.Formats.Core;

namespace Symbolicator.TestKit;

/// <summary>
/// Damages a file in reproducible ways and checks that a reader contains the damage: no exception but
/// <see cref="MalformedFileException"/>, bounded allocation, an end within the hang guard.
/// </summary>
public static class Mutator
{
    /// <summary>Bytes that a reader may allocate for one damaged file.</summary>
    public const long AllowedBytes = 256L << 20;

    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Truncations at every byte of the first <paramref name="headerBytes"/> and at strides behind, words of the header
    /// set to extremes, and <paramref name="random"/> random flips, splices and extremes anywhere.
    /// </summary>
    /// <param name="original">The undamaged file.</param>
    /// <param name="headerBytes">Bytes at the start to damage systematically.</param>
    /// <param name="random">Number of random mutations.</param>
    /// <param name="seed">Seed of the random mutations.</param>
    /// <param name="keep">Bytes at the start that random mutations leave alone, so that the magic survives.</param>
    public static IEnumerable<Mutation> Mutations(
        byte[] original, int headerBytes = 256, int random = 500, int seed = 1, int keep = 4)
    {
        headerBytes = Math.Min(headerBytes, original.Length);
        for (int length = 0; length < headerBytes; length++)
        {
            yield return new Mutation($"cut to {length} bytes", original[..length]);
        }

        int stride = Math.Max(1, (original.Length - headerBytes) / 64);
        for (int length = headerBytes; length < original.Length; length += stride)
        {
            yield return new Mutation($"cut to {length} bytes", original[..length]);
        }

        foreach (var mutation in HeaderExtremes(original, headerBytes, keep))
        {
            yield return mutation;
        }

        var dice = new Random(seed);
        for (int i = 0; i < random && original.Length > keep; i++)
        {
            yield return Random(original, dice, keep);
        }
    }

    /// <summary>Runs a reader over every mutation.</summary>
    /// <param name="mutations">See <see cref="Mutations"/>.</param>
    /// <param name="read">Opens the bytes and reads everything there is to read.</param>
    /// <exception cref="MutationEscapedException">The reader did not contain a mutation.</exception>
    public static void Run(IEnumerable<Mutation> mutations, Action<byte[]> read)
    {
        foreach (var mutation in mutations)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            try
            {
                read(mutation.Bytes);
            }
            catch (MalformedFileException)
            {
                // the one exception that a reader may throw
            }
            catch (Exception escaped)
            {
                throw new MutationEscapedException($"{escaped.GetType().Name} after '{mutation.What}'", escaped);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > AllowedBytes)
            {
                throw new MutationEscapedException($"{allocated} bytes allocated after '{mutation.What}'");
            }

            if (Stopwatch.GetElapsedTime(started) > HangGuard)
            {
                throw new MutationEscapedException($"no end within {HangGuard} after '{mutation.What}'");
            }
        }
    }

    private static IEnumerable<Mutation> HeaderExtremes(byte[] original, int headerBytes, int keep)
    {
        foreach (int size in (int[])[2, 4, 8])
        {
            for (int at = (keep + size - 1) / size * size; at + size <= headerBytes; at += size)
            {
                foreach (var (name, value) in Extremes)
                {
                    byte[] bytes = [.. original];
                    for (int i = 0; i < size; i++)
                    {
                        // High byte repeated or all bits: the same extreme in both byte orders, but for its ends.
                        bytes[at + i] = value[i == 0 ? 0 : i == size - 1 ? 2 : 1];
                    }

                    yield return new Mutation($"{name} in the {size} bytes at {at}", bytes);
                }
            }
        }
    }

    private static readonly (string Name, byte[] Value)[] Extremes =
    [
        ("zero", [0, 0, 0]), ("all ones", [0xff, 0xff, 0xff]), ("largest signed little-endian", [0xff, 0xff, 0x7f]),
        ("largest signed big-endian", [0x7f, 0xff, 0xff]), ("one", [1, 0, 0]), ("all but one", [0xfe, 0xff, 0xff]),
    ];

    private static Mutation Random(byte[] original, Random dice, int keep)
    {
        byte[] bytes = [.. original];
        int at = dice.Next(keep, bytes.Length);
        switch (dice.Next(5))
        {
            case 0:
                int bit = dice.Next(8);
                bytes[at] ^= (byte)(1 << bit);
                return new Mutation($"bit {bit} of byte {at} flipped", bytes);
            case 1:
                bytes[at] = (byte)dice.Next(256);
                return new Mutation($"byte {at} set to {bytes[at]}", bytes);
            case 2:
                int from = dice.Next(bytes.Length);
                int length = Math.Min(dice.Next(1, 64), bytes.Length - Math.Max(at, from));
                original.AsSpan(from, length).CopyTo(bytes.AsSpan(at));
                return new Mutation($"{length} bytes copied from {from} to {at}", bytes);
            case 3:
                int end = Math.Min(bytes.Length, at + dice.Next(1, 16));
                bytes.AsSpan(at, end - at).Fill((byte)(dice.Next(2) * 0xff));
                return new Mutation($"bytes {at} to {end} filled with {bytes[at]}", bytes);
            default:
                if (at + 4 > bytes.Length)
                {
                    return new Mutation($"cut to {at} bytes", bytes[..at]);
                }

                uint word = (uint)dice.NextInt64(1L << 32) >> dice.Next(32);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), word);
                return new Mutation($"word at {at} set to 0x{word:x}", bytes);
        }
    }
}

/// <summary>A damaged file.</summary>
/// <param name="What">The damage, for messages.</param>
/// <param name="Bytes">The file.</param>
public readonly record struct Mutation(string What, byte[] Bytes);

/// <summary>A reader did not contain the damage of a file.</summary>
public sealed class MutationEscapedException(string message, Exception? inner = null) : Exception(message, inner);
