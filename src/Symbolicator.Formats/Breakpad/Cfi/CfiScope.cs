using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad.Cfi;

/// <summary>Registers of the callee, with or without <c>$</c>, and <c>.cfa</c> once it is known.</summary>
internal ref struct CfiScope(CpuProfile cpu, in RegisterState callee) : IPostfixScope
{
    private const int Cfa = RegisterState.Capacity;

    private readonly ref readonly RegisterState _callee = ref callee;
    private ulong _cfa;
    private bool _hasCfa;

    public void SetCfa(ulong value)
    {
        _cfa = value;
        _hasCfa = true;
    }

    public readonly int SlotOf(ReadOnlySpan<byte> name) => name.SequenceEqual(".cfa"u8) ? Cfa : cpu.IndexOf(name);

    public readonly bool TryGet(int slot, out ulong value)
    {
        if (slot != Cfa)
        {
            return _callee.TryGet(slot, out value);
        }

        value = _cfa;
        return _hasCfa;
    }

    public readonly bool TrySet(int slot, ulong value) => false;
}
