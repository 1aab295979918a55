using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>Streams that only some writers make.</summary>
public sealed partial class MinidumpFile
{
    /// <summary>Null when absent or damaged, as the other single records.</summary>
    public MiscInfo? Misc => Once(StreamType.MiscInfo, MiscInfo.Read);

    public AssertionInfo? Assertion => Once(StreamType.AssertionInfo, AssertionInfo.Read);

    public CrashpadInfo? Crashpad => Once(StreamType.CrashpadInfo, CrashpadInfo.Read);

    /// <summary>In the order of the file; empty when absent or damaged, as the other lists.</summary>
    public IReadOnlyList<UnloadedModule> UnloadedModules =>
        Once(StreamType.UnloadedModuleList, ProcessLists.ReadUnloadedModules) ?? [];

    public IReadOnlyList<MemoryInfo> MemoryInfo => Once(StreamType.MemoryInfoList, ProcessLists.ReadMemoryInfo) ?? [];

    public IReadOnlyList<ThreadInfo> ThreadInfo => Once(StreamType.ThreadInfoList, ProcessLists.ReadThreadInfo) ?? [];

    public IReadOnlyList<HandleInfo> Handles => Once(StreamType.HandleData, ProcessLists.ReadHandles) ?? [];

    /// <summary><c>/proc/PID/maps</c>.</summary>
    public IReadOnlyList<LinuxMapping> LinuxMaps => Once(StreamType.LinuxMaps, LinuxMapList.Read) ?? [];

    /// <summary><c>/proc/cpuinfo</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> LinuxCpuInfo => Lines(StreamType.LinuxCpuInfo, ':');

    /// <summary><c>/proc/PID/status</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> LinuxStatus => Lines(StreamType.LinuxProcStatus, ':');

    /// <summary><c>/etc/lsb-release</c> or what stands for it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> LinuxRelease => Lines(StreamType.LinuxLsbRelease, '=');

    /// <summary><c>/proc/PID/environ</c>. May hold secrets of the process: never to be logged.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> LinuxEnvironment =>
        Once(StreamType.LinuxEnviron, LinuxFields.ReadEnvironment) ?? [];

    /// <summary><c>/proc/PID/cmdline</c>.</summary>
    public IReadOnlyList<string> LinuxCommandLine => Once(StreamType.LinuxCmdLine, LinuxFields.ReadArguments) ?? [];

    /// <summary><c>/proc/PID/auxv</c>: AT_* types and values.</summary>
    public IReadOnlyList<KeyValuePair<ulong, ulong>> LinuxAuxiliaryVector =>
        Once(StreamType.LinuxAuxv, (ref reader, source) =>
            LinuxFields.ReadAuxiliaryVector(ref reader, source, Cpu.PointerSize() == 8)) ?? [];

    /// <summary>Frames that the crashing process walked itself, by thread id; threads without frames are not listed.</summary>
    public IReadOnlyDictionary<uint, IReadOnlyList<PrewalkedFrame>> PrewalkedStacks =>
        Once(StreamType.PrewalkedStacks, PrewalkedStackList.Read) ?? [];

    private List<KeyValuePair<string, string>> Lines(StreamType type, char separator) =>
        Once(type, (ref reader, source) => LinuxFields.ReadLines(ref reader, source, (byte)separator)) ?? [];
}
