using System.Collections.Frozen;

namespace Symbolicator.Formats.Model;

/// <summary>Names and properties of architectures.</summary>
public static class ArchNames
{
    private static readonly string[] Names =
    [
        "unknown", "x86", "x86_unknown", "x86_64", "x86_64h", "x86_64_unknown", "arm", "armv5", "armv6", "armv6m",
        "armv7", "armv7f", "armv7s", "armv7k", "armv7m", "armv7em", "arm_unknown", "arm64", "arm64v8", "arm64e",
        "arm64_unknown", "ppc", "ppc64", "mips", "mips64", "arm64_32", "arm64_32_v8", "arm64_32_unknown", "wasm32",
    ];

    private static readonly FrozenDictionary<string, Arch> ByName = Names
        .Select((name, index) => KeyValuePair.Create(name, (Arch)index))
        .Append(KeyValuePair.Create("i386", Arch.X86))
        .Append(KeyValuePair.Create("amd64", Arch.Amd64))
        .Append(KeyValuePair.Create("aarch64", Arch.Arm64))
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The name on the wire.</summary>
    public static string Name(this Arch arch) => (int)arch < Names.Length ? Names[(int)arch] : Names[0];

    /// <summary>The architecture of a name or a usual alias of it; unknown for anything else.</summary>
    public static Arch Parse(string? name) => name is not null && ByName.TryGetValue(name, out var arch) ? arch : Arch.Unknown;

    public static CpuFamily Family(this Arch arch) => arch switch
    {
        Arch.X86 or Arch.X86Unknown => CpuFamily.X86,
        Arch.Amd64 or Arch.Amd64h or Arch.Amd64Unknown => CpuFamily.Amd64,
        >= Arch.Arm and <= Arch.ArmUnknown => CpuFamily.Arm,
        >= Arch.Arm64 and <= Arch.Arm64Unknown => CpuFamily.Arm64,
        Arch.Arm64_32 or Arch.Arm64_32V8 or Arch.Arm64_32Unknown => CpuFamily.Arm64_32,
        Arch.Ppc => CpuFamily.Ppc,
        Arch.Ppc64 => CpuFamily.Ppc64,
        Arch.Mips => CpuFamily.Mips,
        Arch.Mips64 => CpuFamily.Mips64,
        Arch.Wasm32 => CpuFamily.Wasm32,
        _ => CpuFamily.Unknown,
    };

    /// <summary>Bytes of a pointer, 0 when the architecture is unknown.</summary>
    public static int PointerSize(this CpuFamily family) => family switch
    {
        CpuFamily.Unknown => 0,
        CpuFamily.Amd64 or CpuFamily.Arm64 or CpuFamily.Ppc64 or CpuFamily.Mips64 => 8,
        _ => 4,
    };
}
