using System.Runtime.CompilerServices;

namespace Symbolicator.SymCache.Layout;

/// <summary>
/// Unsigned LEB128 for the lookup path: a position in a span instead of a reader object, so that it stays in a register.
/// A failed read moves the position past the end; later reads fail too, so one comparison at the end finds it.
/// </summary>
internal static class Leb
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        if ((uint)at < (uint)bytes.Length)
        {
            byte first = bytes[at];
            if (first < 0x80)
            {
                at = unchecked(at + 1);
                return first;
            }

            int second = unchecked(at + 1);
            if ((uint)second < (uint)bytes.Length && bytes[second] < 0x80)
            {
                at = unchecked(at + 2);
                return unchecked((uint)(first & 0x7f) | ((uint)bytes[second] << 7));
            }
        }

        (ulong value, at) = ReadLong(bytes, at);
        return value;
    }

    /// <summary>True when a read at or before this position failed.</summary>
    public static bool Failed(ReadOnlySpan<byte> bytes, int at) => at > bytes.Length;

    private static (ulong Value, int At) ReadLong(ReadOnlySpan<byte> bytes, int at)
    {
        ulong value = 0;
        for (int shift = 0; (uint)at < (uint)bytes.Length; shift += 7)
        {
            byte b = bytes[at++];
            if (shift > 63 || (shift == 63 && b > 1))
            {
                break;
            }

            value |= unchecked((ulong)(b & 0x7f) << shift);
            if (b < 0x80)
            {
                return (value, at);
            }
        }

        return (0, bytes.Length + 1);
    }
}
