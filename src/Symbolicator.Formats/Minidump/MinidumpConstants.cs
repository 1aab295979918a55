namespace Symbolicator.Formats.Minidump;

/// <summary>Stream types (minidumpapiset.h MINIDUMP_STREAM_TYPE; minidump_format.h; Crashpad minidump_extensions.h).</summary>
internal enum StreamType : uint
{
    Unused = 0, // UnusedStream
    ThreadList = 3, // ThreadListStream
    ModuleList = 4, // ModuleListStream
    MemoryList = 5, // MemoryListStream
    Exception = 6, // ExceptionStream
    SystemInfo = 7, // SystemInfoStream
    ThreadExList = 8, // ThreadExListStream
    Memory64List = 9, // Memory64ListStream
    HandleData = 12, // HandleDataStream
    UnloadedModuleList = 14, // UnloadedModuleListStream
    MiscInfo = 15, // MiscInfoStream
    MemoryInfoList = 16, // MemoryInfoListStream
    ThreadInfoList = 17, // ThreadInfoListStream
    ThreadNames = 24, // ThreadNamesStream
    CrashpadInfo = 0x4350_0001, // MD_CRASHPAD_INFO_STREAM
    BreakpadInfo = 0x4767_0001, // MD_BREAKPAD_INFO_STREAM
    AssertionInfo = 0x4767_0002, // MD_ASSERTION_INFO_STREAM
    LinuxCpuInfo = 0x4767_0003, // MD_LINUX_CPU_INFO
    LinuxProcStatus = 0x4767_0004, // MD_LINUX_PROC_STATUS
    LinuxLsbRelease = 0x4767_0005, // MD_LINUX_LSB_RELEASE
    LinuxCmdLine = 0x4767_0006, // MD_LINUX_CMD_LINE
    LinuxEnviron = 0x4767_0007, // MD_LINUX_ENVIRON
    LinuxAuxv = 0x4767_0008, // MD_LINUX_AUXV
    LinuxMaps = 0x4767_0009, // MD_LINUX_MAPS
    PrewalkedStacks = 0x5379_0001,
}

/// <summary>Signatures and sizes of structures.</summary>
internal static class MinidumpConstants
{
    public const uint Signature = 0x504d_444d; // MINIDUMP_SIGNATURE, "MDMP"
    public const uint SwappedSignature = 0x4d44_4d50;
    public const ushort Version = 0xa793; // MINIDUMP_VERSION, low word
    public const int HeaderSize = 32;
    public const int DirectoryEntrySize = 12;

    public const uint CodeViewPdb70 = 0x5344_5352; // "RSDS"
    public const uint CodeViewPdb20 = 0x3031_424e; // "NB10"
    public const uint CodeViewElf = 0x4270_454c; // "LEpB" in the file: raw build id (MD_CVINFOELF_SIGNATURE)
    public const uint FixedFileInfoSignature = 0xfeef_04bd; // VS_FFI_SIGNATURE

    public const int ExceptionParameters = 15; // EXCEPTION_MAXIMUM_PARAMETERS
}
