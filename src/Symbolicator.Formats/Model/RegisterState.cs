using System.Runtime.CompilerServices;

namespace Symbolicator.Formats.Model;

/// <summary>
/// Registers of one frame: values and which of them are known. Indices are those of <see cref="CpuProfile"/>, which
/// equal the DWARF register numbers of the CPU.
/// </summary>
public struct RegisterState
{
    /// <summary>Registers that fit.</summary>
    public const int Capacity = 40;

    private Values _values;
    private ulong _valid;

    /// <summary>Bit i is set when register i is known.</summary>
    public readonly ulong ValidMask => _valid;

    public readonly bool IsValid(int register) => (uint)register < Capacity && (_valid >> register & 1) != 0;

    public readonly bool TryGet(int register, out ulong value)
    {
        if (IsValid(register))
        {
            value = _values[register];
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>The value, 0 when it is not known.</summary>
    public readonly ulong GetOrZero(int register) => IsValid(register) ? _values[register] : 0;

    public void Set(int register, ulong value)
    {
        if ((uint)register < Capacity)
        {
            _values[register] = value;
            _valid |= 1UL << register;
        }
    }

    public void Invalidate(int register)
    {
        if ((uint)register < Capacity)
        {
            _valid &= ~(1UL << register);
        }
    }

    [InlineArray(Capacity)]
    private struct Values
    {
        private ulong _first;
    }
}
