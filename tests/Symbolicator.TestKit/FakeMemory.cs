using System.Buffers.Binary;
using Symbolicator.Formats.Model;

namespace Symbolicator.TestKit;

/// <summary>Memory of a process that never was: byte ranges at addresses. Counts what is read.</summary>
public sealed class FakeMemory(bool bigEndian = false) : IMemoryView
{
    private readonly List<(ulong Start, byte[] Bytes)> _regions = [];

    /// <summary>Successful reads so far.</summary>
    public int Reads { get; private set; }

    /// <summary>Adds bytes; regions must not overlap.</summary>
    public FakeMemory Add(ulong address, byte[] bytes)
    {
        _regions.Add((address, bytes));
        return this;
    }

    public bool TryRead(ulong address, Span<byte> destination)
    {
        foreach (var (start, bytes) in _regions)
        {
            if (address >= start && address - start <= (ulong)bytes.Length
                && (ulong)destination.Length <= (ulong)bytes.Length - (address - start))
            {
                bytes.AsSpan((int)(address - start), destination.Length).CopyTo(destination);
                Reads++;
                return true;
            }
        }

        return false;
    }

    public bool TryReadUnsigned(ulong address, int size, out ulong value)
    {
        value = 0;
        Span<byte> bytes = stackalloc byte[8];
        var window = bigEndian ? bytes[(8 - size)..] : bytes[..size];
        if (!TryRead(address, window))
        {
            return false;
        }

        value = bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return true;
    }
}
