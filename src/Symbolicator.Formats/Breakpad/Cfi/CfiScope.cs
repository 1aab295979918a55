using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad.Cfi;

/// <summary>Registers of the callee, with or without <c>$</c>, and <c>.cfa</c> once it is known.</summary>
internal ref struct CfiScope(CpuProfile cpu, in RegisterState callee) : IPostfixScope
{
    private const int Cfa = RegisterState.Capacity;

    // Longer than the name of any register.
    private const int MaxName = 16;

    private readonly ref readonly RegisterState _callee = ref callee;
    private ulong _cfa;
    private bool _hasCfa;

    public void SetCfa(ulong value)
    {
        _cfa = value;
        _hasCfa = true;
    }

    public readonly int SlotOf(ReadOnlySpan<byte> name) => name.SequenceEqual(".cfa"u8) ? Cfa : RegisterOf(cpu, name);

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

    /// <summary>Index of a register, -1 for names that are none.</summary>
    public static int RegisterOf(CpuProfile cpu, ReadOnlySpan<byte> name)
    {
        name = name.StartsWith("$"u8) ? name[1..] : name;
        if (name.Length > MaxName)
        {
            return -1;
        }

        Span<char> text = stackalloc char[MaxName];
        for (int i = 0; i < name.Length; i++)
        {
            text[i] = (char)name[i];
        }

        return cpu.IndexOf(text[..name.Length]);
    }
}
