using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Modules;
using Symbolicator.Engine.Objects;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Frames;

/// <summary>
/// Turns the frames of threads into frames with names: finds the module of each address, steps from return addresses
/// back to calls, expands inlined calls, drops what is noise. Pure computation over leased symcaches.
/// </summary>
/// <param name="table">Modules.</param>
/// <param name="signal">Signal of the request.</param>
/// <param name="demangle">For names that clients send.</param>
internal sealed class FrameSymbolizer(ModuleTable table, uint? signal, Demangler demangle)
{
    /// <summary>The entry point that glibc gives no caller; what a walk finds above it is noise.</summary>
    private const string ProcessEntry = "_start";

    /// <summary>The module of each frame of a thread, null where none covers the address.</summary>
    public ModuleEntry?[] FindModules(ThreadFrames thread)
    {
        var kinds = Kinds(thread);
        var modules = new ModuleEntry?[thread.Frames.Count];
        for (int i = 0; i < modules.Length; i++)
        {
            var frame = thread.Frames[i];
            var kind = kinds[i] == AddressKind.ByRule ? DecideWithoutCpu(thread, i) : kinds[i];

            // A call can be the last instruction of an image: its return address belongs to what follows, or to nothing.
            modules[i] = (kind == AddressKind.Return && frame.AddrMode.Module is null && frame.InstructionAddr != 0
                    ? table.Find(frame.InstructionAddr - 1, AddrMode.Absolute)
                    : null)
                ?? table.Find(frame.InstructionAddr, frame.AddrMode);
        }

        return modules;
    }

    /// <param name="thread">The thread.</param>
    /// <param name="modules">Result of <see cref="FindModules"/>.</param>
    /// <param name="symbols">By module index; there for every module that is hit.</param>
    public List<SymbolicatedFrame> Symbolize(
        ThreadFrames thread, IReadOnlyList<ModuleEntry?> modules, IReadOnlyDictionary<int, ModuleSymbols> symbols)
    {
        var kinds = Kinds(thread);
        var output = new List<SymbolicatedFrame>(thread.Frames.Count);
        for (int i = 0; i < thread.Frames.Count; i++)
        {
            var frame = thread.Frames[i];
            var status = FrameStatus.UnknownImage;
            if (modules[i] is { } module)
            {
                status = Symbolize(thread, i, kinds[i], module, symbols[module.Index], output);
                frame = status == FrameStatus.Symbolicated ? frame : frame with { Package = module.Info.CodeFile };
            }

            if (status != FrameStatus.Symbolicated && !IsNoise(frame, status, isLast: i + 1 == thread.Frames.Count, output))
            {
                output.Add(new SymbolicatedFrame(WithDemangledName(frame), status, i));
            }
        }

        return output;
    }

    private FrameStatus Symbolize(
        ThreadFrames thread, int index, AddressKind kind, ModuleEntry module, ModuleSymbols symbols, List<SymbolicatedFrame> output)
    {
        symbols.NoteMatch(thread.Frames[index].InstructionAddr);
        if (symbols.Cache is not { } cache)
        {
            return symbols.Status is ObjectStatus.Malformed or ObjectStatus.TooLarge ? FrameStatus.Malformed : FrameStatus.Missing;
        }

        var frame = thread.Frames[index];
        if (!module.TryGetRelative(frame.InstructionAddr, frame.AddrMode, out ulong rva))
        {
            return FrameStatus.MissingSymbol;
        }

        ulong address = rva;
        var mode = frame.AddrMode;
        if (module.HasAbsoluteAddresses)
        {
            ulong absolute = unchecked(module.Info.ImageAddr + rva);
            address = Adjust(thread, index, kind, absolute, symbols.Cpu);
            if (address < module.Info.ImageAddr)
            {
                return FrameStatus.MissingSymbol;
            }

            rva = address - module.Info.ImageAddr;
            mode = AddrMode.Absolute;
        }

        int before = output.Count;
        foreach (var source in cache.Lookup(rva))
        {
            var (symbol, function) = symbols.GetFunction(source);
            var (absPath, fileName) = symbols.GetFile(source.FileId);
            output.Add(new SymbolicatedFrame
            {
                Status = FrameStatus.Symbolicated,
                OriginalIndex = index,
                InstructionAddr = address,
                AddrMode = mode,
                AdjustInstructionAddr = frame.AdjustInstructionAddr,
                FunctionId = frame.FunctionId,
                Platform = frame.Platform,
                Package = module.Info.CodeFile,
                Lang = source.Language,
                Symbol = symbol,
                Function = function,
                SymAddr = source.EntryRva is { } entry ? unchecked(module.Info.ImageAddr + entry) : null,
                AbsPath = absPath ?? frame.AbsPath,
                Filename = fileName ?? frame.Filename,
                Lineno = source.Line,
                Trust = frame.Trust,
            });
        }

        symbols.NoteLookup(rva, output.Count > before);
        return output.Count > before ? FrameStatus.Symbolicated : FrameStatus.MissingSymbol;
    }

    private ulong Adjust(ThreadFrames thread, int index, AddressKind kind, ulong address, CpuFamily cpu)
    {
        if (kind == AddressKind.ByRule)
        {
            kind = Decide(thread, index, address, ReturnAddress.ProgramCounterName(cpu));
        }

        return ReturnAddress.Adjust(address, kind, cpu);
    }

    /// <summary>The CPU is known only once the module is: any register that can be the program counter is taken for it.</summary>
    private AddressKind DecideWithoutCpu(ThreadFrames thread, int index) => Decide(
        thread, index, thread.Frames[index].InstructionAddr,
        ReturnAddress.ProgramCounterNames.FirstOrDefault(name => thread.Thread.Registers?.ContainsKey(name) == true));

    private AddressKind Decide(ThreadFrames thread, int index, ulong address, string? register)
    {
        ulong programCounter = 0;
        bool known = register is not null && thread.Thread.Registers?.TryGetValue(register, out programCounter) == true;
        bool fromContext = thread.Frames[index].Trust == FrameTrust.Context;
        return ReturnAddress.Decide(index, address, fromContext, signal, known ? programCounter : null);
    }

    /// <summary>
    /// What clients say of their frames. One that decides any frame of a thread is taken to know that all others are
    /// return addresses.
    /// </summary>
    private static IReadOnlyList<AddressKind> Kinds(ThreadFrames thread)
    {
        if (thread.Kinds is { } known)
        {
            return known;
        }

        var kinds = new AddressKind[thread.Frames.Count];
        bool anyDecided = thread.Frames.Any(frame => frame.AdjustInstructionAddr is not null);
        for (int i = 0; i < kinds.Length; i++)
        {
            kinds[i] = thread.Frames[i].AdjustInstructionAddr switch
            {
                true => AddressKind.Return,
                false => AddressKind.Exact,
                null => anyDecided ? AddressKind.Return : AddressKind.ByRule,
            };
        }

        return kinds;
    }

    /// <summary>Words of the stack that turned out to be no return addresses, and what lies above the process entry.</summary>
    private static bool IsNoise(FrameInfo frame, FrameStatus status, bool isLast, List<SymbolicatedFrame> output)
    {
        if (frame.Trust == FrameTrust.Scan && status is (FrameStatus.MissingSymbol or FrameStatus.UnknownImage))
        {
            return true;
        }

        return status == FrameStatus.UnknownImage && isLast && output.Count > 0 && output[^1].Function == ProcessEntry;
    }

    /// <summary>A client's only name is taken as a raw one.</summary>
    private FrameInfo WithDemangledName(FrameInfo frame)
    {
        string? raw = (frame.Function, frame.Symbol) switch
        {
            ({ } function, null) => function,
            (null, { } symbol) => symbol,
            _ => null,
        };
        return raw is not null && demangle(raw, frame.Lang) is { } name ? frame with { Function = name, Symbol = raw } : frame;
    }
}
