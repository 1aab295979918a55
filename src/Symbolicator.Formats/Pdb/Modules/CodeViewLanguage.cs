using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Languages as compilers name them in S_COMPILE, S_COMPILE2 and S_COMPILE3 (CV_CFL_LANG).</summary>
internal static class CodeViewLanguage
{
    public static SourceLanguage Of(byte language) => language switch
    {
        0x00 => SourceLanguage.C, // CV_CFL_C
        0x01 => SourceLanguage.Cpp, // CV_CFL_CXX
        0x0a => SourceLanguage.CSharp, // CV_CFL_CSHARP
        0x0b => SourceLanguage.VisualBasic, // CV_CFL_VB
        0x11 => SourceLanguage.ObjC, // CV_CFL_OBJC
        0x12 => SourceLanguage.ObjCpp, // CV_CFL_OBJCXX
        0x13 or (byte)'S' => SourceLanguage.Swift, // CV_CFL_SWIFT; LLVM before 17 wrote a letter
        0x15 => SourceLanguage.Rust, // CV_CFL_RUST
        0x16 => SourceLanguage.Go, // CV_CFL_GO
        (byte)'D' => SourceLanguage.D, // written by LLVM's D compilers
        _ => SourceLanguage.Unknown, // assemblers, linkers, resources, intermediate code
    };
}
