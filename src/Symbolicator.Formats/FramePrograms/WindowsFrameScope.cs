using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.FramePrograms;

/// <summary>
/// Names of frame programs: the registers of i386 by name or CodeView number, the temporaries <c>$T0…$T15</c>,
/// <c>$L</c> and <c>$P</c>, and the constants of the record.
/// </summary>
internal ref struct WindowsFrameScope : IPostfixScope
{
    private const int Temporaries = 10; // behind the registers
    private const int TemporaryCount = 16;
    private const int LocalBase = Temporaries + TemporaryCount; // $L
    private const int ParameterBase = LocalBase + 1; // $P
    private const int Constants = ParameterBase + 1;
    private const int RaSearch = Constants;
    private const int CbParams = Constants + 1;
    private const int CbCalleeParams = Constants + 2;
    private const int CbSavedRegs = Constants + 3;
    private const int CbLocals = Constants + 4;

    private readonly CpuProfile _cpu;
    private RegisterState _values;

    // Bit per slot that the program has set.
    private ulong _assigned;

    public WindowsFrameScope(
        CpuProfile cpu, in RegisterState callee, in WindowsFrameRecord record, uint calleeParams, ulong returnSearch)
    {
        _cpu = cpu;
        for (int register = 0; register < Temporaries; register++)
        {
            if (callee.TryGet(register, out ulong value))
            {
                _values.Set(register, value);
            }
        }

        _values.Set(RaSearch, returnSearch);
        _values.Set(CbParams, record.Params);
        _values.Set(CbCalleeParams, calleeParams);
        _values.Set(CbSavedRegs, record.SavedRegs);
        _values.Set(CbLocals, record.Locals);
    }

    /// <summary>Registers after the program.</summary>
    public readonly bool TryGet(int slot, out ulong value) => _values.TryGet(slot, out value);

    public readonly bool IsAssigned(int slot) => (_assigned >> slot & 1) != 0;

    public bool TrySet(int slot, ulong value)
    {
        if (slot >= Constants)
        {
            return false;
        }

        _values.Set(slot, value);
        _assigned |= 1UL << slot;
        return true;
    }

    public readonly int SlotOf(ReadOnlySpan<byte> name)
    {
        if (name.StartsWith("$T"u8))
        {
            return TemporaryOf(name[2..]);
        }

        return name switch
        {
            _ when name.SequenceEqual("$L"u8) => LocalBase,
            _ when name.SequenceEqual("$P"u8) => ParameterBase,
            _ when name.SequenceEqual(".raSearch"u8) || name.SequenceEqual(".raSearchStart"u8) => RaSearch,
            _ when name.SequenceEqual(".cbParams"u8) => CbParams,
            _ when name.SequenceEqual(".cbCalleeParams"u8) => CbCalleeParams,
            _ when name.SequenceEqual(".cbSavedRegs"u8) => CbSavedRegs,
            _ when name.SequenceEqual(".cbLocals"u8) => CbLocals,
            _ when name.SequenceEqual("$20"u8) => _cpu.IndexOf("ebx"), // CV_REG_EBX
            _ when name.SequenceEqual("$21"u8) => _cpu.StackPointer, // CV_REG_ESP
            _ when name.SequenceEqual("$22"u8) => _cpu.FramePointer, // CV_REG_EBP
            _ when name.SequenceEqual("$23"u8) => _cpu.IndexOf("esi"), // CV_REG_ESI
            _ when name.SequenceEqual("$24"u8) => _cpu.IndexOf("edi"), // CV_REG_EDI
            _ when name.StartsWith("$"u8) => _cpu.IndexOf(name),
            _ => -1,
        };
    }

    private static int TemporaryOf(ReadOnlySpan<byte> number)
    {
        if (number.Length is < 1 or > 2 || number.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return -1;
        }

        int index = number.Length == 1 ? number[0] - '0' : ((number[0] - '0') * 10) + number[1] - '0';
        return index < TemporaryCount ? Temporaries + index : -1;
    }
}
