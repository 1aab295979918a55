using System.Buffers.Binary;
using System.Numerics;
using Symbolicator.Formats.Core;

namespace Symbolicator.Service.Caching;

/// <summary>CRC-32C (Castagnoli) by the processor's instruction; detects damage, is no defence against intent.</summary>
internal struct Crc32C
{
    private uint _state;
    private bool _started;

    public readonly uint Value => _started ? ~_state : 0;

    public void Append(ReadOnlySpan<byte> data)
    {
        uint state = _started ? _state : uint.MaxValue;
        _started = true;
        while (data.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (byte value in data)
        {
            state = BitOperations.Crc32C(state, value);
        }

        _state = state;
    }

    /// <summary>Of a whole file.</summary>
    public static uint Of(FileBytes file, CancellationToken ct)
    {
        const int Window = 64 << 20;
        var crc = default(Crc32C);
        for (long offset = 0; offset < file.Length; offset += Window)
        {
            ct.ThrowIfCancellationRequested();
            file.TrySlice(new ByteRange(offset, Math.Min(Window, file.Length - offset)), out var span);
            crc.Append(span);
        }

        return crc.Value;
    }
}
