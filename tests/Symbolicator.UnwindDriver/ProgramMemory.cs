using System.Buffers.Binary;
using Symbolicator.Formats.Model;

namespace Symbolicator.UnwindDriver;

/// <summary>The stack of a program that is being executed elsewhere, kept up to date by its writes, and memory that does not change.</summary>
internal sealed class ProgramMemory(ulong start, int length) : IMemoryView, IReturnAddresses
{
    private readonly byte[] _stack = new byte[length];
    private readonly List<(ulong Start, byte[] Bytes)> _fixed = [];

    public void Add(ulong address, byte[] bytes) => _fixed.Add((address, bytes));

    public void Write(ulong address, ulong value, int size)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        bytes[..size].CopyTo(_stack.AsSpan((int)(address - start)));
    }

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (TryRead(start, _stack, address, destination))
        {
            return true;
        }

        foreach (var (at, bytes) in _fixed)
        {
            if (TryRead(at, bytes, address, destination))
            {
                return true;
            }
        }

        return false;
    }

    public bool TryReadUnsigned(ulong address, int size, out ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bytes.Clear();
        bool read = TryRead(address, bytes[..size]);
        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return read;
    }

    /// <summary>True behind a near call of i386 or x64: relative, or by a pointer.</summary>
    public bool CanReturnTo(ulong address)
    {
        const int Longest = 7;
        Span<byte> before = stackalloc byte[Longest];
        for (int length = Longest; length >= 2; length--)
        {
            var call = before[..length];
            bool found = address >= Longest && TryRead(address - (ulong)length, call)
                && ((length == 5 && call[0] == 0xe8) || (call[0] == 0xff && (call[1] >> 3 & 7) == 2));
            if (found)
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryRead(ulong at, byte[] bytes, ulong address, Span<byte> destination)
    {
        ulong offset = address - at;
        bool inside = address >= at && offset <= (ulong)bytes.Length && (ulong)destination.Length <= (ulong)bytes.Length - offset;
        if (inside)
        {
            bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }

        return inside;
    }
}
