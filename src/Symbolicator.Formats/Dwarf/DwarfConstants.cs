namespace Symbolicator.Formats.Dwarf;

/// <summary>Tags of debugging information entries that the reader tells apart (DWARF5 §7.5.3).</summary>
internal enum DwTag : ushort
{
    CompileUnit = 0x11, // DW_TAG_compile_unit
    InlinedSubroutine = 0x1d, // DW_TAG_inlined_subroutine
    Subprogram = 0x2e, // DW_TAG_subprogram
    PartialUnit = 0x3c, // DW_TAG_partial_unit
    TypeUnit = 0x41, // DW_TAG_type_unit
    SkeletonUnit = 0x4a, // DW_TAG_skeleton_unit
}

/// <summary>Attributes that the reader looks at (DWARF5 §7.5.4).</summary>
internal enum DwAt : ushort
{
    Name = 0x03, // DW_AT_name
    StmtList = 0x10, // DW_AT_stmt_list
    LowPc = 0x11, // DW_AT_low_pc
    HighPc = 0x12, // DW_AT_high_pc
    Language = 0x13, // DW_AT_language
    CompDir = 0x1b, // DW_AT_comp_dir
    AbstractOrigin = 0x31, // DW_AT_abstract_origin
    Specification = 0x47, // DW_AT_specification
    Ranges = 0x55, // DW_AT_ranges
    CallFile = 0x58, // DW_AT_call_file
    CallLine = 0x59, // DW_AT_call_line
    LinkageName = 0x6e, // DW_AT_linkage_name
    StrOffsetsBase = 0x72, // DW_AT_str_offsets_base
    AddrBase = 0x73, // DW_AT_addr_base
    RngListsBase = 0x74, // DW_AT_rnglists_base
    LanguageName = 0x90, // DW_AT_language_name (DWARF 6)
    MipsLinkageName = 0x2007, // DW_AT_MIPS_linkage_name
    GnuAddrBase = 0x2133, // DW_AT_GNU_addr_base
}

/// <summary>Encodings of attribute values (DWARF5 §7.5.6).</summary>
internal enum DwForm : ushort
{
    None = 0,
    Addr = 0x01, // DW_FORM_addr
    Block2 = 0x03, // DW_FORM_block2
    Block4 = 0x04, // DW_FORM_block4
    Data2 = 0x05, // DW_FORM_data2
    Data4 = 0x06, // DW_FORM_data4
    Data8 = 0x07, // DW_FORM_data8
    String = 0x08, // DW_FORM_string
    Block = 0x09, // DW_FORM_block
    Block1 = 0x0a, // DW_FORM_block1
    Data1 = 0x0b, // DW_FORM_data1
    Flag = 0x0c, // DW_FORM_flag
    Sdata = 0x0d, // DW_FORM_sdata
    Strp = 0x0e, // DW_FORM_strp
    Udata = 0x0f, // DW_FORM_udata
    RefAddr = 0x10, // DW_FORM_ref_addr
    Ref1 = 0x11, // DW_FORM_ref1
    Ref2 = 0x12, // DW_FORM_ref2
    Ref4 = 0x13, // DW_FORM_ref4
    Ref8 = 0x14, // DW_FORM_ref8
    RefUdata = 0x15, // DW_FORM_ref_udata
    Indirect = 0x16, // DW_FORM_indirect
    SecOffset = 0x17, // DW_FORM_sec_offset
    Exprloc = 0x18, // DW_FORM_exprloc
    FlagPresent = 0x19, // DW_FORM_flag_present
    Strx = 0x1a, // DW_FORM_strx
    Addrx = 0x1b, // DW_FORM_addrx
    RefSup4 = 0x1c, // DW_FORM_ref_sup4
    StrpSup = 0x1d, // DW_FORM_strp_sup
    Data16 = 0x1e, // DW_FORM_data16
    LineStrp = 0x1f, // DW_FORM_line_strp
    RefSig8 = 0x20, // DW_FORM_ref_sig8
    ImplicitConst = 0x21, // DW_FORM_implicit_const
    Loclistx = 0x22, // DW_FORM_loclistx
    Rnglistx = 0x23, // DW_FORM_rnglistx
    RefSup8 = 0x24, // DW_FORM_ref_sup8
    Strx1 = 0x25, // DW_FORM_strx1
    Strx2 = 0x26, // DW_FORM_strx2
    Strx3 = 0x27, // DW_FORM_strx3
    Strx4 = 0x28, // DW_FORM_strx4
    Addrx1 = 0x29, // DW_FORM_addrx1
    Addrx2 = 0x2a, // DW_FORM_addrx2
    Addrx3 = 0x2b, // DW_FORM_addrx3
    Addrx4 = 0x2c, // DW_FORM_addrx4
    GnuAddrIndex = 0x1f01, // DW_FORM_GNU_addr_index
    GnuStrIndex = 0x1f02, // DW_FORM_GNU_str_index
    GnuRefAlt = 0x1f20, // DW_FORM_GNU_ref_alt
    GnuStrpAlt = 0x1f21, // DW_FORM_GNU_strp_alt
    LlvmAddrxOffset = 0x2001, // DW_FORM_LLVM_addrx_offset
}

/// <summary>Kinds of units (DWARF5 §7.5.1).</summary>
internal enum DwUnitType : byte
{
    Compile = 0x01, // DW_UT_compile
    Type = 0x02, // DW_UT_type
    Partial = 0x03, // DW_UT_partial
    Skeleton = 0x04, // DW_UT_skeleton
    SplitCompile = 0x05, // DW_UT_split_compile
    SplitType = 0x06, // DW_UT_split_type
}

/// <summary>Entries of range lists (DWARF5 §7.25).</summary>
internal enum DwRle : byte
{
    EndOfList = 0x00, // DW_RLE_end_of_list
    BaseAddressx = 0x01, // DW_RLE_base_addressx
    StartxEndx = 0x02, // DW_RLE_startx_endx
    StartxLength = 0x03, // DW_RLE_startx_length
    OffsetPair = 0x04, // DW_RLE_offset_pair
    BaseAddress = 0x05, // DW_RLE_base_address
    StartEnd = 0x06, // DW_RLE_start_end
    StartLength = 0x07, // DW_RLE_start_length
}

/// <summary>Standard opcodes of line programs (DWARF5 §7.22).</summary>
internal enum DwLns : byte
{
    Extended = 0x00,
    Copy = 0x01, // DW_LNS_copy
    AdvancePc = 0x02, // DW_LNS_advance_pc
    AdvanceLine = 0x03, // DW_LNS_advance_line
    SetFile = 0x04, // DW_LNS_set_file
    SetColumn = 0x05, // DW_LNS_set_column
    NegateStmt = 0x06, // DW_LNS_negate_stmt
    SetBasicBlock = 0x07, // DW_LNS_set_basic_block
    ConstAddPc = 0x08, // DW_LNS_const_add_pc
    FixedAdvancePc = 0x09, // DW_LNS_fixed_advance_pc
    SetPrologueEnd = 0x0a, // DW_LNS_set_prologue_end
    SetEpilogueBegin = 0x0b, // DW_LNS_set_epilogue_begin
    SetIsa = 0x0c, // DW_LNS_set_isa
}

/// <summary>Extended opcodes of line programs (DWARF5 §7.22).</summary>
internal enum DwLne : byte
{
    EndSequence = 0x01, // DW_LNE_end_sequence
    SetAddress = 0x02, // DW_LNE_set_address
    DefineFile = 0x03, // DW_LNE_define_file
}

/// <summary>Contents of directory and file entries (DWARF5 §7.22).</summary>
internal enum DwLnct : ushort
{
    Path = 0x1, // DW_LNCT_path
    DirectoryIndex = 0x2, // DW_LNCT_directory_index
}
