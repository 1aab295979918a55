using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb;

/// <summary>Architectures by IMAGE_FILE_MACHINE_*.</summary>
internal static class PdbMachine
{
    /// <summary>Unknown also for images of intermediate language alone.</summary>
    public static Arch ArchOf(ushort machine) => machine switch
    {
        0x014c => Arch.X86, // I386
        0x8664 => Arch.Amd64, // AMD64
        0xaa64 or 0xa641 or 0xa64e => Arch.Arm64, // ARM64, ARM64EC, ARM64X
        0x01c0 or 0x01c2 or 0x01c4 => Arch.Arm, // ARM, THUMB, ARMNT
        0x01f0 or 0x01f1 => Arch.Ppc, // POWERPC, POWERPCFP
        _ => Arch.Unknown, // CEE (0xc0ee) and CPUs of the past
    };
}
