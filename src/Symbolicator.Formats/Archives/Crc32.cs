using System.Buffers.Binary;

namespace Symbolicator.Formats.Archives;

/// <summary>CRC-32 with the polynomial of zlib, zip and <c>.gnu_debuglink</c> (reflected 0x04C11DB7), eight bytes a step.</summary>
internal static class Crc32
{
    private static readonly uint[][] Tables = Build();

    /// <summary>Continues a checksum; begin with 0.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        uint[] t0 = Tables[0], t1 = Tables[1], t2 = Tables[2], t3 = Tables[3];
        uint[] t4 = Tables[4], t5 = Tables[5], t6 = Tables[6], t7 = Tables[7];
        while (bytes.Length >= 8)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = t7[low & 0xff] ^ t6[(low >> 8) & 0xff] ^ t5[(low >> 16) & 0xff] ^ t4[low >> 24]
                ^ t3[high & 0xff] ^ t2[(high >> 8) & 0xff] ^ t1[(high >> 16) & 0xff] ^ t0[high >> 24];
            bytes = bytes[8..];
        }

        foreach (byte b in bytes)
        {
            crc = (crc >> 8) ^ t0[(crc ^ b) & 0xff];
        }

        return ~crc;
    }

    private static uint[][] Build()
    {
        uint[][] tables = [.. Enumerable.Range(0, 8).Select(_ => new uint[256])];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb8_8320 : crc >> 1;
            }

            tables[0][i] = crc;
        }

        for (int t = 1; t < 8; t++)
        {
            for (int i = 0; i < 256; i++)
            {
                uint previous = tables[t - 1][i];
                tables[t][i] = (previous >> 8) ^ tables[0][previous & 0xff];
            }
        }

        return tables;
    }
}
