using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind.Cpu;

namespace Symbolicator.Formats.Unwind;

/// <summary>What the strategies may look at while they walk one thread.</summary>
internal sealed class ThreadScene(WalkThread thread, CodeMap code, CpuProfile cpu, WalkSystem system) : IReturnAddresses
{
    private readonly bool _hasBounds = thread.StackEnd > thread.StackStart;

    public IMemoryView Memory { get; } = thread.Memory;

    /// <summary>As <see cref="Memory"/>; bytes, but no integers, also from the code of the modules that are loaded.</summary>
    public IMemoryView MemoryAndCode => field ??= new CodeBehindMemory(this);

    /// <summary>What is loaded by now.</summary>
    public ModuleTables? Tables { get; set; }

    /// <summary>Modules that are not loaded although their code would have decided: what was computed without it does not count.</summary>
    public HashSet<int> MissingCode { get; } = [];

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

    /// <summary>True also where the code itself is neither in the dump nor in a file.</summary>
    public bool CanReturnTo(ulong address)
    {
        if (address < CpuRules.LowestCode || !Code.WasCode(address - 1))
        {
            return false;
        }

        Span<byte> before = stackalloc byte[CallCode.Window];
        if (MemoryAndCode.TryRead(address - CallCode.Window, before))
        {
            return CallCode.EndsWithCall(Cpu.Family, before, thumb: (address & 1) != 0) || SignalTrampoline.IsAt(this, address);
        }

        if (Code.TryFind(address - 1, out var module) && Tables?.TryGetUnwindTable(module.Index, Cpu.Family, out _) == false)
        {
            MissingCode.Add(module.Index);
        }

        return true;
    }

    /// <summary>Dumps hold little code; what they lack is taken from the files of the modules.</summary>
    private sealed class CodeBehindMemory(ThreadScene scene) : IMemoryView
    {
        public bool TryRead(ulong address, Span<byte> destination) =>
            scene.Memory.TryRead(address, destination)
            || (scene.Code.TryFind(address, out var module)
                && scene.Tables?.CodeOf(module.Index)?.TryReadCode(address - module.Start, destination) == true);

        public bool TryReadUnsigned(ulong address, int size, out ulong value) => scene.Memory.TryReadUnsigned(address, size, out value);
    }
}
