namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Kinds of symbol records that say where code is. Names with St hold texts with a length in front.</summary>
internal enum SymbolKind : ushort
{
    Compile = 0x0001, // S_COMPILE
    End = 0x0006, // S_END
    ThunkSt = 0x0206, // S_THUNK32_ST
    BlockSt = 0x0207, // S_BLOCK32_ST
    WithSt = 0x0208, // S_WITH32_ST
    LocalProcedureSt = 0x100a, // S_LPROC32_ST
    GlobalProcedureSt = 0x100b, // S_GPROC32_ST
    Compile2St = 0x1013, // S_COMPILE2_ST
    GlobalManagedProcedureSt = 0x101a, // S_GMANPROC_ST
    LocalManagedProcedureSt = 0x101b, // S_LMANPROC_ST
    Thunk = 0x1102, // S_THUNK32
    Block = 0x1103, // S_BLOCK32
    With = 0x1104, // S_WITH32
    LocalProcedure = 0x110f, // S_LPROC32
    GlobalProcedure = 0x1110, // S_GPROC32
    Compile2 = 0x1116, // S_COMPILE2
    GlobalManagedProcedure = 0x112a, // S_GMANPROC
    LocalManagedProcedure = 0x112b, // S_LMANPROC
    Trampoline = 0x112c, // S_TRAMPOLINE
    SeparatedCode = 0x1132, // S_SEPCODE
    Compile3 = 0x113c, // S_COMPILE3
    LocalProcedureId = 0x1146, // S_LPROC32_ID
    GlobalProcedureId = 0x1147, // S_GPROC32_ID
    InlineSite = 0x114d, // S_INLINESITE
    InlineSiteEnd = 0x114e, // S_INLINESITE_END
    ProcedureIdEnd = 0x114f, // S_PROC_ID_END
    LocalProcedureDpc = 0x1155, // S_LPROC32_DPC
    LocalProcedureDpcId = 0x1156, // S_LPROC32_DPC_ID
    InlineSite2 = 0x115d, // S_INLINESITE2
}

/// <summary>Operations of the byte code that maps an inlined call to code and lines.</summary>
internal enum AnnotationOp : byte
{
    End = 0, // BA_OP_Invalid: padding
    CodeOffset = 1, // BA_OP_CodeOffset
    ChangeCodeOffsetBase = 2, // BA_OP_ChangeCodeOffsetBase: number of the separated piece, 0 the procedure
    ChangeCodeOffset = 3, // BA_OP_ChangeCodeOffset
    ChangeCodeLength = 4, // BA_OP_ChangeCodeLength
    ChangeFile = 5, // BA_OP_ChangeFile
    ChangeLineOffset = 6, // BA_OP_ChangeLineOffset
    ChangeLineEndDelta = 7, // BA_OP_ChangeLineEndDelta
    ChangeRangeKind = 8, // BA_OP_ChangeRangeKind
    ChangeColumnStart = 9, // BA_OP_ChangeColumnStart
    ChangeColumnEndDelta = 10, // BA_OP_ChangeColumnEndDelta
    ChangeCodeOffsetAndLineOffset = 11, // BA_OP_ChangeCodeOffsetAndLineOffset
    ChangeCodeLengthAndCodeOffset = 12, // BA_OP_ChangeCodeLengthAndCodeOffset
    ChangeColumnEnd = 13, // BA_OP_ChangeColumnEnd
}
