using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>Language codes, as far as they decide how names are demangled; the rest is unknown.</summary>
internal static class DwarfLanguages
{
    /// <summary>DW_LANG_* (DWARF5 §7.12 and its later assignments).</summary>
    public static SourceLanguage FromCode(ulong code) => code switch
    {
        0x01 or 0x02 or 0x0c or 0x1d or 0x2c or 0x3e => SourceLanguage.C, // C89, C, C99, C11, C17, C23
        0x04 or 0x19 or 0x1a or 0x21 or 0x2a or 0x2b or 0x3a => SourceLanguage.Cpp, // C++, 03, 11, 14, 17, 20, 23
        0x30 or 0x37 or 0x38 or 0x39 => SourceLanguage.Cpp, // HIP, OpenCL_CPP, CPP_for_OpenCL, SYCL
        0x10 => SourceLanguage.ObjC,
        0x11 => SourceLanguage.ObjCpp,
        0x13 => SourceLanguage.D,
        0x16 => SourceLanguage.Go,
        0x1c => SourceLanguage.Rust,
        0x1e => SourceLanguage.Swift,
        0x32 => SourceLanguage.CSharp,
        0x8001 => SourceLanguage.Unknown, // Mips_Assembler
        _ => SourceLanguage.Unknown,
    };

    /// <summary>DW_LNAME_* (DWARF 6, written by LLVM since 19).</summary>
    public static SourceLanguage FromName(ulong name) => name switch
    {
        0x03 => SourceLanguage.C,
        0x04 => SourceLanguage.Cpp,
        0x07 => SourceLanguage.D,
        0x0a => SourceLanguage.Go,
        0x11 => SourceLanguage.ObjC,
        0x12 => SourceLanguage.ObjCpp,
        0x19 => SourceLanguage.Rust,
        0x1a => SourceLanguage.Swift,
        0x1e => SourceLanguage.CSharp,
        _ => SourceLanguage.Unknown,
    };
}
