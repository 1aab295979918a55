using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>Operating systems that dumps name.</summary>
public enum MinidumpOs : byte
{
    Unknown,
    Windows,
    MacOS,
    Ios,
    Linux,
    Solaris,
    Android,
    Ps3,
    NaCl,
    Fuchsia,
}

/// <summary>Machine and system that crashed (MINIDUMP_SYSTEM_INFO).</summary>
public sealed class SystemInfo
{
    public required MinidumpOs Os { get; init; }

    public required Arch Arch { get; init; }

    /// <summary>PROCESSOR_ARCHITECTURE_*, as stored.</summary>
    public required ushort RawArchitecture { get; init; }

    /// <summary>VER_PLATFORM_* or MD_OS_*, as stored.</summary>
    public required uint RawPlatform { get; init; }

    public required int ProcessorCount { get; init; }

    /// <summary>Service pack, build or the output of uname; null when absent.</summary>
    public required string? ServicePack { get; init; }

    /// <summary>As on the wire; empty when unknown.</summary>
    public string OsName => Os switch
    {
        MinidumpOs.Windows => "Windows",
        MinidumpOs.MacOS => "macOS",
        MinidumpOs.Ios => "iOS",
        MinidumpOs.Linux => "Linux",
        MinidumpOs.Solaris => "Solaris",
        MinidumpOs.Android => "Android",
        MinidumpOs.Ps3 => "PS3",
        MinidumpOs.NaCl => "NaCl",
        MinidumpOs.Fuchsia => "Fuchsia",
        _ => "",
    };

    /// <summary><c>major.minor.build</c>, or the kernel release out of the uname text where a Linux writer left these zero.</summary>
    public required string OsVersion { get; init; }

    /// <summary>What <see cref="ServicePack"/> says besides; empty when nothing.</summary>
    public required string OsBuild { get; init; }

    internal static SystemInfo Read(ref ByteReader reader, MinidumpSource source)
    {
        ushort architecture = reader.ReadU16();
        reader.Skip(2 + 2); // ProcessorLevel, ProcessorRevision
        int processors = reader.ReadU8();
        reader.Skip(1); // ProductType
        uint major = reader.ReadU32();
        uint minor = reader.ReadU32();
        uint build = reader.ReadU32();
        uint platform = reader.ReadU32();
        uint csdRva = reader.ReadU32();
        string? csd = csdRva == 0 || !reader.Fault.IsNone ? null : source.ReadUtf16(csdRva, "CSD version");

        var os = ToOs(platform);
        string version = $"{major}.{minor}.{build}";
        string text = csd?.Trim() ?? "";
        if (os == MinidumpOs.Linux && version == "0.0.0" && text.Length > 0)
        {
            (version, text) = SplitUname(text);
        }

        return new SystemInfo
        {
            Os = os,
            Arch = ToArch(architecture),
            RawArchitecture = architecture,
            RawPlatform = platform,
            ProcessorCount = processors,
            ServicePack = csd,
            OsVersion = version,
            OsBuild = text,
        };
    }

    /// <summary>"sysname release version… machine [operating system]": release, and version without the rest.</summary>
    private static (string Version, string Build) SplitUname(string uname)
    {
        string[] words = uname.Split(' ');
        string version = words.Length > 1 && words[1].Length > 0 ? words[1] : "0.0.0";
        int end = words.Length - 1;
        if (end > 2 && words[end] == "Linux/GNU")
        {
            end--; // "machine Linux/GNU"
        }

        return (version, end > 2 ? string.Join(' ', words[2..end]) : "");
    }

    private static MinidumpOs ToOs(uint platform) => platform switch
    {
        1 or 2 => MinidumpOs.Windows, // VER_PLATFORM_WIN32_WINDOWS, VER_PLATFORM_WIN32_NT
        0x8101 => MinidumpOs.MacOS, // MD_OS_MAC_OS_X
        0x8102 => MinidumpOs.Ios, // MD_OS_IOS
        0x8201 => MinidumpOs.Linux, // MD_OS_LINUX
        0x8202 => MinidumpOs.Solaris, // MD_OS_SOLARIS
        0x8203 => MinidumpOs.Android, // MD_OS_ANDROID
        0x8204 => MinidumpOs.Ps3, // MD_OS_PS3
        0x8205 => MinidumpOs.NaCl, // MD_OS_NACL
        0x8206 => MinidumpOs.Fuchsia, // MD_OS_FUCHSIA
        _ => MinidumpOs.Unknown,
    };

    private static Arch ToArch(ushort architecture) => architecture switch
    {
        0 or 10 => Arch.X86, // PROCESSOR_ARCHITECTURE_INTEL, PROCESSOR_ARCHITECTURE_IA32_ON_WIN64
        1 => Arch.Mips, // PROCESSOR_ARCHITECTURE_MIPS
        3 => Arch.Ppc, // PROCESSOR_ARCHITECTURE_PPC
        5 => Arch.Arm, // PROCESSOR_ARCHITECTURE_ARM
        9 => Arch.Amd64, // PROCESSOR_ARCHITECTURE_AMD64
        12 or 0x8003 => Arch.Arm64, // PROCESSOR_ARCHITECTURE_ARM64, MD_CPU_ARCHITECTURE_ARM64_OLD
        0x8002 => Arch.Ppc64, // MD_CPU_ARCHITECTURE_PPC64
        0x8004 => Arch.Mips64, // MD_CPU_ARCHITECTURE_MIPS64
        _ => Arch.Unknown,
    };
}
