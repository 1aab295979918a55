using System.Buffers.Binary;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe;

/// <summary>Architectures of PE images.</summary>
internal static class PeArch
{
    public static Arch Of(PeMachine machine) => machine switch
    {
        PeMachine.I386 => Arch.X86,
        PeMachine.Amd64 => Arch.Amd64,
        PeMachine.Arm64 or PeMachine.Arm64Ec or PeMachine.Arm64X => Arch.Arm64,
        PeMachine.Arm or PeMachine.Thumb or PeMachine.ArmNt => Arch.Arm,
        PeMachine.PowerPc or PeMachine.PowerPcFloat => Arch.Ppc,
        _ => Arch.Unknown,
    };

    /// <summary>
    /// Code of two CPUs lies in the image (ARM64EC, ARM64X): its load configuration has hybrid metadata. The header names
    /// the CPU of the processes that load it: x86-64 for ARM64EC, although most of the code is AArch64.
    /// </summary>
    public static bool IsHybrid(PeImage image)
    {
        if (image.Machine is PeMachine.Arm64Ec or PeMachine.Arm64X)
        {
            return true;
        }

        const int Needed = PeConstants.HybridPointerOffset64 + sizeof(ulong);
        var entry = image.DirectoryEntry(PeDirectory.LoadConfig);
        return image.Machine is PeMachine.Amd64 or PeMachine.Arm64
            && entry.Rva != 0 && image.TryRead(entry.Rva, Needed, out var config)
            && BinaryPrimitives.ReadUInt32LittleEndian(config) >= Needed // the size that it states
            && BinaryPrimitives.ReadUInt64LittleEndian(config[PeConstants.HybridPointerOffset64..]) != 0;
    }
}
