using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>UWOP_*: operations of UNWIND_CODE.</summary>
internal enum Amd64Operation : byte
{
    PushNonVolatile = 0, // UWOP_PUSH_NONVOL
    AllocateLarge = 1, // UWOP_ALLOC_LARGE
    AllocateSmall = 2, // UWOP_ALLOC_SMALL
    SetFrameRegister = 3, // UWOP_SET_FPREG
    SaveNonVolatile = 4, // UWOP_SAVE_NONVOL
    SaveNonVolatileFar = 5, // UWOP_SAVE_NONVOL_FAR

    /// <summary>Places of epilogues in version 2; a save of half an XMM register in version 1.</summary>
    Epilogue = 6, // UWOP_EPILOG, UWOP_SAVE_XMM
    Spare = 7, // UWOP_SPARE_CODE, UWOP_SAVE_XMM_FAR
    SaveXmm = 8, // UWOP_SAVE_XMM128
    SaveXmmFar = 9, // UWOP_SAVE_XMM128_FAR
    PushMachineFrame = 10, // UWOP_PUSH_MACHFRAME
}

/// <summary>One operation of a prologue.</summary>
/// <param name="Offset">End of the instruction, from the start of the function.</param>
/// <param name="Operation">What it did.</param>
/// <param name="Info">Four bits: mostly a register.</param>
/// <param name="Operand">Bytes: size of an allocation, offset of a save.</param>
internal readonly record struct Amd64Code(byte Offset, Amd64Operation Operation, byte Info, uint Operand);

/// <summary>UNWIND_INFO ("x64 exception handling", "struct UNWIND_INFO"). A view of the file.</summary>
internal readonly ref struct Amd64UnwindInfo
{
    private const int HeaderSize = 4;
    private const int SlotSize = 2;
    private const int FlagChained = 4; // UNW_FLAG_CHAININFO
    private const uint FrameOffsetUnit = 16;

    private readonly ReadOnlySpan<byte> _codes;

    private Amd64UnwindInfo(ReadOnlySpan<byte> header, ReadOnlySpan<byte> codes, RuntimeFunction chained)
    {
        Version = header[0] & 7;
        IsChained = (header[0] >> 3 & FlagChained) != 0;
        PrologueSize = header[1];
        FrameRegister = header[3] & 15;
        FrameOffset = (uint)(header[3] >> 4) * FrameOffsetUnit;
        Chained = chained;
        _codes = codes;
    }

    public int Version { get; }

    /// <summary>The record goes on with <see cref="Chained"/>.</summary>
    public bool IsChained { get; }

    public byte PrologueSize { get; }

    /// <summary>Number of the register in machine code, 0 for none.</summary>
    public int FrameRegister { get; }

    /// <summary>Bytes from the stack pointer at the time to what the frame register got.</summary>
    public uint FrameOffset { get; }

    /// <summary>The record of the function that this is a part of.</summary>
    public RuntimeFunction Chained { get; }

    public static bool TryRead(PeImage image, uint rva, out Amd64UnwindInfo info, out ParseFault fault)
    {
        info = default;
        fault = default;
        if (!image.TryRead(rva, HeaderSize, out var header))
        {
            fault = new ParseFault(MalformedReason.OutOfRange, image.FileOffset(rva));
            return false;
        }

        if ((header[0] & 7) is not (1 or 2))
        {
            fault = new ParseFault(MalformedReason.BadVersion, image.FileOffset(rva));
            return false;
        }

        int codes = header[2] * SlotSize;
        int aligned = (header[2] + 1) / 2 * 2 * SlotSize;
        bool isChained = (header[0] >> 3 & FlagChained) != 0;
        int size = HeaderSize + (isChained ? aligned + RuntimeFunction.Size : codes);
        if (!image.TryRead(rva, size, out var all))
        {
            fault = new ParseFault(MalformedReason.Truncated, image.FileOffset(rva));
            return false;
        }

        var chained = isChained ? RuntimeFunction.Read(all[(HeaderSize + aligned)..]) : default;
        info = new Amd64UnwindInfo(header, all.Slice(HeaderSize, codes), chained);
        return true;
    }

    /// <summary>
    /// Reads the code in a slot and moves behind it. False at the end; also, with a fault, where an operation is not
    /// defined or cut.
    /// </summary>
    public bool TryReadCode(ref int slot, out Amd64Code code, out bool isMalformed)
    {
        code = default;
        isMalformed = false;
        var rest = _codes[Math.Min(slot * SlotSize, _codes.Length)..];
        if (rest.IsEmpty)
        {
            return false;
        }

        var operation = (Amd64Operation)(rest[1] & 15);
        byte info = (byte)(rest[1] >> 4);
        int slots = Slots(operation, info);
        if (slots == 0 || rest.Length < slots * SlotSize)
        {
            isMalformed = true;
            return false;
        }

        uint near = slots > 1 ? BinaryPrimitives.ReadUInt16LittleEndian(rest[SlotSize..]) : 0u;
        uint operand = operation switch
        {
            Amd64Operation.AllocateSmall => (info * 8u) + 8,
            _ when slots == 3 => BinaryPrimitives.ReadUInt32LittleEndian(rest[SlotSize..]),
            Amd64Operation.AllocateLarge or Amd64Operation.SaveNonVolatile => near * 8,
            _ => near,
        };
        code = new Amd64Code(rest[0], operation, info, operand);
        slot += slots;
        return true;
    }

    /// <summary>
    /// The epilogue of version 2 that contains an address of the function: the codes in front state the size of all of
    /// them and how far before the end of the function each begins.
    /// </summary>
    public bool TryFindEpilogue(ulong rva, in RuntimeFunction function, out uint into)
    {
        into = 0;
        int slot = 0;
        if (Version != 2 || !TryReadCode(ref slot, out var first, out _) || first.Operation != Amd64Operation.Epilogue)
        {
            return false;
        }

        uint size = first.Offset;
        if ((first.Info & 1) != 0 && IsWithin(rva, function, size, size, out into))
        {
            return true;
        }

        while (TryReadCode(ref slot, out var code, out _) && code.Operation == Amd64Operation.Epilogue)
        {
            uint fromEnd = code.Offset | ((uint)code.Info << 8);
            if (fromEnd != 0 && IsWithin(rva, function, fromEnd, size, out into)) // 0 pads the codes to an even number
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWithin(ulong rva, in RuntimeFunction function, uint fromEnd, uint size, out uint into)
    {
        ulong start = unchecked((ulong)function.End - fromEnd);
        into = unchecked((uint)(rva - start));
        return fromEnd <= function.End && rva >= start && rva - start < size;
    }

    /// <summary>Slots that a code takes, 0 when it is not defined.</summary>
    private int Slots(Amd64Operation operation, byte info) => operation switch
    {
        Amd64Operation.PushNonVolatile or Amd64Operation.AllocateSmall or Amd64Operation.SetFrameRegister => 1,
        Amd64Operation.AllocateLarge => info switch
        {
            0 => 2,
            1 => 3,
            _ => 0,
        },
        Amd64Operation.SaveNonVolatile or Amd64Operation.SaveXmm => 2,
        Amd64Operation.SaveNonVolatileFar or Amd64Operation.SaveXmmFar or Amd64Operation.Spare => 3,
        Amd64Operation.Epilogue => Version == 1 ? 2 : 1,
        Amd64Operation.PushMachineFrame => info <= 1 ? 1 : 0,
        _ => 0,
    };
}
