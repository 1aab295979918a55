using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind.Cpu;

namespace Symbolicator.Formats.Unwind;

/// <summary>What the strategies may look at while they walk one thread.</summary>
internal sealed class ThreadScene(WalkThread thread, CodeMap code, CpuProfile cpu, WalkSystem system) : IReturnAddresses
{
    private readonly bool _hasBounds = thread.StackEnd > thread.StackStart;

    public IMemoryView Memory { get; } = thread.Memory;

    public CodeMap Code { get; } = code;

    public CpuProfile Cpu { get; } = cpu;

    public WalkSystem System { get; } = system;

    public bool IsOnStack(ulong address) =>
        _hasBounds && address >= thread.StackStart && address < thread.StackEnd;

    /// <summary>
    /// Reads a pointer on the same stack as <paramref name="stackPointer"/>: once that lies in the known stack, words
    /// outside of it are none of ours. A thread on another stack (a signal or coroutine stack) reads what is readable.
    /// </summary>
    public bool TryReadStack(ulong stackPointer, ulong address, out ulong value)
    {
        if (IsOnStack(stackPointer) && !IsOnStack(address))
        {
            value = 0;
            return false;
        }

        return Memory.TryReadUnsigned(address, Cpu.PointerSize, out value);
    }

    /// <summary>True also where the code itself is not in the dump.</summary>
    public bool CanReturnTo(ulong address)
    {
        if (address < CpuRules.LowestCode || !Code.WasCode(address - 1))
        {
            return false;
        }

        Span<byte> before = stackalloc byte[CallCode.Window];
        return !Memory.TryRead(address - CallCode.Window, before) || CallCode.EndsWithCall(Cpu.Family, before, thumb: (address & 1) != 0);
    }
}
