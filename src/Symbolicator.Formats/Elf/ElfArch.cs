using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>CPU of an image.</summary>
internal static class ElfArch
{
    public static Arch Of(in ElfHeader header, ElfEncoding encoding) => header.Machine switch
    {
        ElfMachine.X86 => Arch.X86,
        ElfMachine.Amd64 => Arch.Amd64,
        ElfMachine.Arm => Arch.Arm,
        ElfMachine.Arm64 => Arch.Arm64,
        ElfMachine.Ppc => Arch.Ppc,
        ElfMachine.Ppc64 => Arch.Ppc64,
        ElfMachine.Mips or ElfMachine.MipsLittleEndian => encoding.Is64 ? Arch.Mips64 : Arch.Mips,
        _ => Arch.Unknown,
    };
}
