using System.Buffers.Binary;
using System.Numerics;

namespace Symbolicator.SymCache.Layout;

/// <summary>CRC-32C (Castagnoli) as used by iSCSI: initial value and final inversion of all ones.</summary>
public struct Crc32C
{
    private uint _inverted;

    public readonly uint Value => _inverted;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~_inverted;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        _inverted = ~crc;
    }

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = default(Crc32C);
        crc.Append(bytes);
        return crc.Value;
    }
}
