namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>
/// One unwind code (Microsoft, "ARM64 exception handling", Unwind codes): what one instruction of a prolog did, or what
/// one of an epilog undoes.
/// </summary>
/// <param name="Operation">What it did.</param>
/// <param name="Size">Bytes of the code, at least 1.</param>
/// <param name="First">First register saved.</param>
/// <param name="Second">Second register saved, -1 for one only.</param>
/// <param name="Offset">Where they were saved, from the stack pointer afterwards.</param>
/// <param name="Adjust">Bytes by which the stack pointer was lowered.</param>
internal readonly record struct Arm64UnwindCode(
    Arm64Operation Operation, int Size, int First = -1, int Second = -1, uint Offset = 0, uint Adjust = 0)
{
    private const int FramePointer = 29;
    private const int LinkRegister = 30;
    private const int FirstSaved = 19;

    /// <summary>
    /// Instructions that it stands for. Frames that hardware or the system pushes have none; those that end the codes are
    /// counted by the caller.
    /// </summary>
    public int Instructions => Operation switch
    {
        Arm64Operation.End or Arm64Operation.EndChained => 0,
        Arm64Operation.TrapFrame or Arm64Operation.MachineFrame or Arm64Operation.Context or Arm64Operation.EcContext
            or Arm64Operation.ClearUnwoundToCall => 0,
        _ => 1,
    };

    /// <summary>True for a pair of registers that so many more pairs follow, each told by a <see cref="Arm64Operation.SaveNext"/>.</summary>
    public bool HasNext(int pairs) => Operation switch
    {
        Arm64Operation.SaveIntegers => Second == First + 1 && First + 2 * pairs < LinkRegister,
        Arm64Operation.SaveVectors => Second == First + 1,
        _ => false,
    };

    /// <summary>Reads the code at a position, which must be inside.</summary>
    public static Arm64UnwindCode Read(ReadOnlySpan<byte> codes, int at)
    {
        byte first = codes[at];
        int size = SizeOf(first);
        return size > codes.Length - at ? Invalid : size switch
        {
            1 => first < 0xc0 ? Short(first) : Plain(first),
            2 => Wide(first, codes[at + 1]),
            3 => SaveAny(codes[at + 1], codes[at + 2]),
            _ => new Arm64UnwindCode(
                Arm64Operation.Allocate, size, Adjust: ((uint)codes[at + 1] << 16 | (uint)codes[at + 2] << 8 | codes[at + 3]) * 16),
        };
    }

    private static Arm64UnwindCode Invalid => new(Arm64Operation.Invalid, 1);

    /// <summary>Reserved codes have size 1: nothing behind them is read.</summary>
    private static int SizeOf(byte first) => first switch
    {
        < 0xc0 => 1,
        < 0xe0 => 2,
        Arm64UnwindByte.AllocateLarge => 4,
        Arm64UnwindByte.AddFramePointer => 2,
        Arm64UnwindByte.SaveAny => 3,
        _ => 1,
    };

    private static Arm64UnwindCode Short(byte code)
    {
        uint low = code & 0x3fu;
        return (code >> 5) switch
        {
            0 => new Arm64UnwindCode(Arm64Operation.Allocate, 1, Adjust: (code & 0x1fu) * 16), // alloc_s
            1 => Save(1, FirstSaved, FirstSaved + 1, 0, (code & 0x1fu) * 8), // save_r19r20_x
            2 or 3 => Save(1, FramePointer, LinkRegister, low * 8, 0), // save_fplr
            _ => Save(1, FramePointer, LinkRegister, 0, (low + 1) * 8), // save_fplr_x
        };
    }

    private static Arm64UnwindCode Wide(byte first, byte second)
    {
        uint offset = (second & 0x3fu) * 8;
        uint lowered = offset + 8;
        int wide = (first & 3) << 2 | second >> 6;
        int narrow = (first & 1) << 2 | second >> 6;
        switch (first)
        {
            case < 0xc8: // alloc_m
                return new Arm64UnwindCode(Arm64Operation.Allocate, 2, Adjust: ((first & 7u) << 8 | second) * 16);
            case < 0xcc: // save_regp
                return Save(2, FirstSaved + wide, FirstSaved + wide + 1, offset, 0);
            case < 0xd0: // save_regp_x
                return Save(2, FirstSaved + wide, FirstSaved + wide + 1, 0, lowered);
            case < 0xd4: // save_reg
                return Save(2, FirstSaved + wide, -1, offset, 0);
            case < 0xd6: // save_reg_x
                return Save(2, FirstSaved + ((first & 1) << 3 | second >> 5), -1, 0, ((second & 0x1fu) + 1) * 8);
            case < 0xd8: // save_lrpair
                int register = FirstSaved + 2 * narrow;
                return register < FramePointer ? Save(2, register, LinkRegister, offset, 0) : Invalid;
            case < 0xda: // save_fregp
                return Vectors(2, 8 + narrow, true, offset, 0);
            case < 0xdc: // save_fregp_x
                return Vectors(2, 8 + narrow, true, 0, lowered);
            case < 0xde: // save_freg
                return Vectors(2, 8 + narrow, false, offset, 0);
            case 0xde: // save_freg_x
                return Vectors(2, 8 + (second >> 5), false, 0, ((second & 0x1fu) + 1) * 8);
            case 0xdf: // alloc_z
                return new Arm64UnwindCode(Arm64Operation.AllocateVectors, 2);
            default:
                return new Arm64UnwindCode(Arm64Operation.SetFramePointer, 2, Offset: second * 8u); // add_fp
        }
    }

    private static Arm64UnwindCode Plain(byte code) => new(
        code switch
        {
            Arm64UnwindByte.SetFramePointer => Arm64Operation.SetFramePointer,
            Arm64UnwindByte.Nop => Arm64Operation.Nop,
            Arm64UnwindByte.End => Arm64Operation.End,
            Arm64UnwindByte.EndChained => Arm64Operation.EndChained,
            Arm64UnwindByte.SaveNext => Arm64Operation.SaveNext,
            Arm64UnwindByte.TrapFrame => Arm64Operation.TrapFrame,
            Arm64UnwindByte.MachineFrame => Arm64Operation.MachineFrame,
            Arm64UnwindByte.Context => Arm64Operation.Context,
            Arm64UnwindByte.EcContext => Arm64Operation.EcContext,
            Arm64UnwindByte.ClearUnwoundToCall => Arm64Operation.ClearUnwoundToCall,
            Arm64UnwindByte.SignReturnAddress => Arm64Operation.SignReturnAddress,
            _ => Arm64Operation.Invalid,
        },
        1);

    /// <summary>save_any_reg: 0 p x rrrrr, tt oooooo. Kinds of registers are x, d, q, and those of SVE.</summary>
    private static Arm64UnwindCode SaveAny(byte register, byte place)
    {
        bool isPair = (register & 0x40) != 0, isLowering = (register & 0x20) != 0;
        int first = register & 0x1f, kind = place >> 6;
        if (kind == 3)
        {
            // save_zreg and save_preg; what they save is not part of our state.
            return (register & 0x80) == 0 ? new Arm64UnwindCode(Arm64Operation.SaveVectors, 3) : Invalid;
        }

        uint units = place & 0x3fu;
        uint offset = isLowering ? 0 : units * (isPair || kind == 2 ? 16u : 8u);
        uint adjust = isLowering ? (units + 1) * 16 : 0;
        if ((register & 0x80) != 0 || isPair && first == 31)
        {
            return Invalid;
        }

        return kind == 0
            ? Save(3, first, isPair ? first + 1 : -1, offset, adjust)
            : Vectors(3, first, isPair, offset, adjust);
    }

    private static Arm64UnwindCode Save(int size, int first, int second, uint offset, uint adjust) =>
        Math.Max(first, second) > LinkRegister ? Invalid : new(Arm64Operation.SaveIntegers, size, first, second, offset, adjust);

    private static Arm64UnwindCode Vectors(int size, int first, bool isPair, uint offset, uint adjust) =>
        new(Arm64Operation.SaveVectors, size, first, isPair ? first + 1 : -1, offset, adjust);
}
