using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Frames;
using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Minidump;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind;
using FrameTrust = Symbolicator.Engine.Contracts.FrameTrust;
using WalkTrust = Symbolicator.Formats.Unwind.FrameTrust;

namespace Symbolicator.Engine.Minidumps;

/// <summary>The crashed process of a dump in the terms of the walker and of the wire. Pure; valid while the dump is.</summary>
internal sealed class MinidumpProcess
{
    /// <summary>Frames of a thread in the answer.</summary>
    public const int MaxFrames = 256;

    private readonly MinidumpFile _dump;

    public MinidumpProcess(MinidumpFile dump)
    {
        _dump = dump;
        var type = dump.System.Os switch
        {
            MinidumpOs.Windows => ObjectType.Pe,
            MinidumpOs.MacOS or MinidumpOs.Ios => ObjectType.MachO,
            MinidumpOs.Linux or MinidumpOs.Solaris or MinidumpOs.Android => ObjectType.Elf,
            _ => ObjectType.Unknown,
        };
        Modules =
        [
            .. dump.Modules.Select(module => new ModuleInfo
            {
                Type = type,
                CodeId = module.CodeId,
                CodeFile = string.IsNullOrEmpty(module.CodeFile) ? null : module.CodeFile,
                DebugId = module.DebugId,
                DebugFile = string.IsNullOrEmpty(module.DebugFile) ? null : module.DebugFile,
                ImageAddr = module.Address,
                ImageSize = module.Size,
            }),
        ];
    }

    /// <summary>By address.</summary>
    public IReadOnlyList<ModuleInfo> Modules { get; }

    public StackWalker CreateWalker(MinidumpJob job)
    {
        var modules = _dump.Modules.Select((m, i) => new WalkModule(i, m.Address, m.Address + m.Size));
        var options = new WalkOptions
        {
            System = _dump.System.Os switch
            {
                MinidumpOs.Windows => WalkSystem.Windows,
                MinidumpOs.MacOS or MinidumpOs.Ios => WalkSystem.Apple,
                MinidumpOs.Linux or MinidumpOs.Android => WalkSystem.Linux,
                _ => WalkSystem.Unknown,
            },
            Limits = job.Limits,
            CodeAddressMask = _dump.Crashpad?.AddressMask ?? 0,
            ExecutableRanges = ExecutableRanges(),
            UnloadedRanges = [.. _dump.UnloadedModules.Select(m => new AddressRange(m.Address, m.Address + Math.Min(m.Size, ulong.MaxValue - m.Address)))],
        };
        return new StackWalker(_dump.Cpu, [.. modules], [.. _dump.Threads.Select(ToWalkThread)], options);
    }

    /// <summary>Null when the dump has no map of its memory.</summary>
    private AddressRange[]? ExecutableRanges()
    {
        if (_dump.LinuxMaps is { Count: > 0 } maps)
        {
            return [.. maps.Where(m => m.Permissions.Contains('x', StringComparison.Ordinal)).Select(m => new AddressRange(m.Start, m.End))];
        }

        return _dump.MemoryInfo is { Count: > 0 } regions
            ? [.. regions.Where(r => r.IsExecutable).Select(r => new AddressRange(r.Address, r.Address + Math.Min(r.Size, ulong.MaxValue - r.Address)))]
            : null;
    }

    /// <summary>
    /// A thread after the walk, cut to <see cref="MaxFrames"/>. A stack that the process walked itself takes the place
    /// of ours.
    /// </summary>
    public ThreadFrames ToFrames(MinidumpThread thread, WalkedThread walked)
    {
        var (frames, kinds) = _dump.PrewalkedStacks.TryGetValue(thread.Id, out var prewalked)
            ? (Frames(prewalked), null)
            : Frames(walked);
        var requesting = _dump.RequestingThread;
        var info = new StacktraceInput
        {
            ThreadId = thread.Id,
            ThreadName = _dump.ThreadName(thread.Id),
            IsRequesting = requesting is null ? null : ReferenceEquals(requesting, thread),
            Registers = walked.Frames.Count == 0 ? null : Registers(_dump.ContextOf(thread)),
            Frames = frames,
        };
        return new ThreadFrames(info, frames, kinds);
    }

    private static FrameInfo[] Frames(IReadOnlyList<PrewalkedFrame> prewalked)
    {
        var frames = new FrameInfo[Math.Min(prewalked.Count, MaxFrames)];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = new FrameInfo
            {
                InstructionAddr = prewalked[i].Address,
                Function = prewalked[i].Symbol,
                Trust = FrameTrust.Prewalked,
            };
        }

        return frames;
    }

    private (FrameInfo[] Frames, AddressKind[]? Kinds) Frames(WalkedThread walked)
    {
        int count = Math.Min(walked.Frames.Count, MaxFrames);
        var frames = new FrameInfo[count];
        var kinds = new AddressKind[count];
        for (int i = 0; i < count; i++)
        {
            var raw = walked.Frames[i];
            frames[i] = new FrameInfo
            {
                InstructionAddr = raw.InstructionAddress,
                Package = raw.Module < 0 ? null : Modules[raw.Module].CodeFile,
                Trust = ToWire(raw.Trust),
            };
            kinds[i] = raw.LookupAddress == raw.InstructionAddress ? AddressKind.Exact : AddressKind.Return;
        }

        return (frames, kinds);
    }

    private WalkThread ToWalkThread(MinidumpThread thread)
    {
        var context = _dump.IsDumpThread(thread) ? null : _dump.ContextOf(thread);
        if (context is null || context.Family != _dump.Cpu)
        {
            return new WalkThread { Id = thread.Id, Registers = default, Memory = _dump.Memory };
        }

        // The stack that the thread describes need not be the one that it was on.
        ulong start = thread.StackStart;
        ulong end = unchecked(start + thread.StackSize);
        if (context.StackPointer < start || context.StackPointer >= end)
        {
            (start, end) = _dump.Memory.TryFind(context.StackPointer, out var region)
                ? (region.Address, unchecked(region.Address + region.Size))
                : (0, 0);
        }

        return new WalkThread
        {
            Id = thread.Id,
            Registers = context.Registers,
            Memory = _dump.Memory,
            StackStart = start,
            StackEnd = end,
        };
    }

    private static SortedDictionary<string, ulong>? Registers(CpuContext? context)
    {
        if (context is null)
        {
            return null;
        }

        var registers = new SortedDictionary<string, ulong>(StringComparer.Ordinal);
        for (int i = 0; i < context.Profile.RegisterNames.Count; i++)
        {
            if (context.Registers.TryGet(i, out ulong value))
            {
                registers.Add(context.Profile.RegisterNames[i], value);
            }
        }

        return registers;
    }

    private static FrameTrust ToWire(WalkTrust trust) => trust switch
    {
        WalkTrust.Context => FrameTrust.Context,
        WalkTrust.Cfi => FrameTrust.Cfi,
        WalkTrust.FramePointer => FrameTrust.FramePointer,
        WalkTrust.Scan => FrameTrust.Scan,
        WalkTrust.CfiScan => FrameTrust.CfiScan,
        WalkTrust.Prewalked => FrameTrust.Prewalked,
        _ => FrameTrust.None,
    };
}
