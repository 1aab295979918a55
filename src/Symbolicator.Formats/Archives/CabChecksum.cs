using System.Buffers.Binary;

namespace Symbolicator.Formats.Archives;

/// <summary>The checksum of a cabinet's data blocks ([MS-CAB] §3.1): words combined by exclusive or.</summary>
internal static class CabChecksum
{
    /// <summary>Continues with more bytes. The rest behind the last word counts with its first byte as the highest.</summary>
    public static uint Append(uint sum, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(uint))
        {
            sum ^= BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            bytes = bytes[sizeof(uint)..];
        }

        uint rest = 0;
        foreach (byte b in bytes)
        {
            rest = (rest << 8) | b;
        }

        return sum ^ rest;
    }
}
