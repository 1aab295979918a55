namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>What the two low bits of the second word of an arm64 .pdata record say.</summary>
internal enum Arm64RecordKind : byte
{
    /// <summary>The word is the address of an .xdata record.</summary>
    Xdata = 0,

    /// <summary>The word describes a function with a canonical prolog and one epilog at its end.</summary>
    Packed = 1,

    /// <summary>As <see cref="Packed"/>, for a part of a function that has neither prolog nor epilog.</summary>
    PackedFragment = 2,

    Reserved = 3,
}

/// <summary>How a packed record describes return address and frame pointer ("CR").</summary>
internal enum Arm64PackedChain : byte
{
    /// <summary>The link register is not saved.</summary>
    None = 0,

    /// <summary>The link register is saved among the integer registers.</summary>
    LinkSaved = 1,

    /// <summary>As <see cref="Chained"/>, and the return address was signed first (pacibsp).</summary>
    ChainedSigned = 2,

    /// <summary>A frame record of x29 and the link register, with x29 pointing at it.</summary>
    Chained = 3,
}

/// <summary>What an unwind code undoes.</summary>
internal enum Arm64Operation : byte
{
    /// <summary>A code that is reserved or cut off.</summary>
    Invalid,
    Nop,

    /// <summary>End of the codes; in an epilog also the instruction that returns.</summary>
    End,

    /// <summary>End of the codes of a fragment; those of the function it was cut from follow.</summary>
    EndChained,

    /// <summary>The stack pointer was lowered by <see cref="Arm64UnwindCode.Adjust"/>.</summary>
    Allocate,

    /// <summary>One or two integer registers were saved, then the stack pointer was lowered.</summary>
    SaveIntegers,

    /// <summary>Vector registers were saved, then the stack pointer was lowered.</summary>
    SaveVectors,

    /// <summary>The pair after the one that was saved by the instruction before.</summary>
    SaveNext,

    /// <summary>x29 := stack pointer + <see cref="Arm64UnwindCode.Offset"/>.</summary>
    SetFramePointer,

    /// <summary>The return address in the link register was signed.</summary>
    SignReturnAddress,

    /// <summary>A KTRAP_FRAME of the kernel lies on the stack.</summary>
    TrapFrame,

    /// <summary>Stack pointer and program counter of interrupted code lie on the stack.</summary>
    MachineFrame,

    /// <summary>An ARM64_NT_CONTEXT lies on the stack.</summary>
    Context,

    /// <summary>An ARM64EC_NT_CONTEXT lies on the stack.</summary>
    EcContext,

    /// <summary>The return address is exact: no call is before it.</summary>
    ClearUnwoundToCall,

    /// <summary>The stack pointer was lowered by vectors, whose length only the machine knows.</summary>
    AllocateVectors,
}

/// <summary>Unwind codes that have a byte of their own; those below take operands from their first byte.</summary>
internal static class Arm64UnwindByte
{
    public const byte AllocateLarge = 0xe0; // alloc_l
    public const byte SetFramePointer = 0xe1; // set_fp
    public const byte AddFramePointer = 0xe2; // add_fp
    public const byte Nop = 0xe3; // nop
    public const byte End = 0xe4; // end
    public const byte EndChained = 0xe5; // end_c
    public const byte SaveNext = 0xe6; // save_next
    public const byte SaveAny = 0xe7; // save_any_reg
    public const byte TrapFrame = 0xe8; // trap_frame
    public const byte MachineFrame = 0xe9; // machine_frame
    public const byte Context = 0xea; // context
    public const byte EcContext = 0xeb; // ec_context
    public const byte ClearUnwoundToCall = 0xec; // clear_unwound_to_call
    public const byte SignReturnAddress = 0xfc; // pac_sign_lr
}
