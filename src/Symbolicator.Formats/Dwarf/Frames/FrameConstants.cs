namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>Call frame instructions (DWARF5 §7.24, and those of vendors that compilers emit).</summary>
internal enum FrameOp : byte
{
    Nop = 0x00, // DW_CFA_nop
    SetLocation = 0x01, // DW_CFA_set_loc
    Advance1 = 0x02, // DW_CFA_advance_loc1
    Advance2 = 0x03, // DW_CFA_advance_loc2
    Advance4 = 0x04, // DW_CFA_advance_loc4
    OffsetExtended = 0x05, // DW_CFA_offset_extended
    RestoreExtended = 0x06, // DW_CFA_restore_extended
    Undefined = 0x07, // DW_CFA_undefined
    SameValue = 0x08, // DW_CFA_same_value
    Register = 0x09, // DW_CFA_register
    RememberState = 0x0a, // DW_CFA_remember_state
    RestoreState = 0x0b, // DW_CFA_restore_state
    DefineCfa = 0x0c, // DW_CFA_def_cfa
    DefineCfaRegister = 0x0d, // DW_CFA_def_cfa_register
    DefineCfaOffset = 0x0e, // DW_CFA_def_cfa_offset
    DefineCfaExpression = 0x0f, // DW_CFA_def_cfa_expression
    Expression = 0x10, // DW_CFA_expression
    OffsetExtendedSigned = 0x11, // DW_CFA_offset_extended_sf
    DefineCfaSigned = 0x12, // DW_CFA_def_cfa_sf
    DefineCfaOffsetSigned = 0x13, // DW_CFA_def_cfa_offset_sf
    ValueOffset = 0x14, // DW_CFA_val_offset
    ValueOffsetSigned = 0x15, // DW_CFA_val_offset_sf
    ValueExpression = 0x16, // DW_CFA_val_expression
    Advance8 = 0x1d, // DW_CFA_MIPS_advance_loc8
    NegateReturnStateWithPc = 0x2c, // DW_CFA_AARCH64_negate_ra_state_with_pc
    NegateReturnState = 0x2d, // DW_CFA_AARCH64_negate_ra_state, DW_CFA_GNU_window_save
    ArgumentsSize = 0x2e, // DW_CFA_GNU_args_size
    NegativeOffsetExtended = 0x2f, // DW_CFA_GNU_negative_offset_extended

    // The upper two bits say these three, the lower six are the operand.
    Advance = 0x40, // DW_CFA_advance_loc
    Offset = 0x80, // DW_CFA_offset
    Restore = 0xc0, // DW_CFA_restore
}

/// <summary>How a register of the caller is found (DWARF5 §6.4.1).</summary>
internal enum RuleKind : byte
{
    /// <summary>No rule: callee-saved registers keep their value, others are lost.</summary>
    Unspecified,
    Undefined,
    SameValue,

    /// <summary>At CFA + operand.</summary>
    Offset,

    /// <summary>CFA + operand.</summary>
    ValueOffset,

    /// <summary>In the register named by the operand.</summary>
    Register,

    /// <summary>At the address that an expression yields.</summary>
    Expression,

    /// <summary>What an expression yields.</summary>
    ValueExpression,
}
