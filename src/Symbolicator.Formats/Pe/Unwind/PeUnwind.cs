using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>Opens the function table of an image for its CPU.</summary>
internal static class PeUnwind
{
    /// <summary>
    /// True for images of CPUs that have a function table for unwinding, also one that cannot be used. Others rely on DWARF,
    /// as those of old Go compilers do on x64, or on the PDB.
    /// </summary>
    public static bool HasFunctionTable(PeImage image) =>
        image.Machine is PeMachine.Amd64 or PeMachine.Arm64
        && (image.DirectoryEntry(PeDirectory.Exception).Size != 0 || PeArch.IsHybrid(image));

    /// <summary>
    /// Null when there is none that can be used. Hybrid images have one for each of their CPUs. The header of ARM64X names
    /// the one of all its arm64 code; that of ARM64EC only the one of its x64 code, which says nothing of the rest: a fault
    /// tells.
    /// </summary>
    public static IUnwindTable? Open(PeImage image, ParseLimits limits, FaultLog faults)
    {
        if (image.DirectoryEntry(PeDirectory.Exception).Size == 0)
        {
            return null;
        }

        if (image.Machine != PeMachine.Arm64 && PeArch.IsHybrid(image))
        {
            faults.Add(
                new ParseFault(MalformedReason.Unsupported, image.FileOffset(image.DirectoryEntry(PeDirectory.Exception).Rva)),
                "function table of a hybrid image");
            return null;
        }

        return image.Machine switch
        {
            PeMachine.Amd64 => Amd64UnwindTable.Open(image, limits, faults),
            PeMachine.Arm64 => Arm64UnwindTable.Open(image, limits, faults),
            _ => null,
        };
    }
}
