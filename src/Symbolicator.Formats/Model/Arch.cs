namespace Symbolicator.Formats.Model;

/// <summary>CPU architectures, named on the wire as in the table of <see cref="ArchNames"/>.</summary>
public enum Arch : byte
{
    Unknown,
    X86,
    X86Unknown,
    Amd64,
    Amd64h,
    Amd64Unknown,
    Arm,
    ArmV5,
    ArmV6,
    ArmV6m,
    ArmV7,
    ArmV7f,
    ArmV7s,
    ArmV7k,
    ArmV7m,
    ArmV7em,
    ArmUnknown,
    Arm64,
    Arm64V8,
    Arm64e,
    Arm64Unknown,
    Ppc,
    Ppc64,
    Mips,
    Mips64,
    Arm64_32,
    Arm64_32V8,
    Arm64_32Unknown,
    Wasm32,
}

/// <summary>Architectures that share registers, instruction alignment and unwinding.</summary>
public enum CpuFamily : byte
{
    Unknown,
    X86,
    Amd64,
    Arm,
    Arm64,
    Arm64_32,
    Ppc,
    Ppc64,
    Mips,
    Mips64,
    Wasm32,
}
