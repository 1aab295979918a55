using Symbolicator.Formats.Model;
using Symbolicator.Formats.Unwind.Cpu;

namespace Symbolicator.Formats.Unwind;

/// <summary>
/// The walk of one thread, which stops where a table is missing and goes on from there. Each frame is computed once.
/// </summary>
internal sealed class ThreadWalk
{
    private readonly WalkThread _thread;
    private readonly ThreadScene? _scene;
    private readonly CpuRules? _cpu;
    private readonly WalkOptions _options;
    private readonly List<RawFrame> _frames = [];
    private readonly List<RegisterState> _kept = [];
    private Stage _stage;
    private WalkEnd _end;

    // Registers of the last frame, and whether its program counter is exact: innermost or interrupted by a signal.
    private RegisterState _registers;
    private bool _exact;

    // False when the stack pointer above is no more than a lower bound.
    private bool _hasStackPointer;

    // Parameters that the last frame has pushed for the one below it, as that one's unwind record states.
    private uint _calleeParameters;

    /// <param name="cpu">Null for a CPU that we do not unwind.</param>
    public ThreadWalk(WalkThread thread, CodeMap code, CpuRules? cpu, WalkOptions options)
    {
        _thread = thread;
        _cpu = cpu;
        _options = options;
        _scene = cpu is null ? null : new ThreadScene(thread, code, cpu.Profile, options.System);
    }

    private enum Stage : byte
    {
        Start,

        /// <summary>The last frame's caller is to be found, by unwind information first.</summary>
        Unwind,

        /// <summary>As above, and only scanning is left.</summary>
        Scan,
        Done,
    }

    public WalkedThread Result() => new(_thread.Id, _frames, _end, _kept);

    /// <summary>Goes on until the end or until <paramref name="needs"/> got what this thread waits for.</summary>
    public void Advance(ModuleTables tables, WalkNeeds needs, CancellationToken cancellation)
    {
        if (_scene is not null)
        {
            _scene.Tables = tables;
        }

        while (_stage != Stage.Done)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_stage == Stage.Start)
            {
                Start();
            }
            else if (_frames.Count >= _options.Limits.FramesPerThread)
            {
                Finish(WalkEnd.FrameLimit);
            }
            else if (!(_stage == Stage.Unwind ? TryUnwind(tables, needs) : TryScan(tables, needs)))
            {
                return;
            }
        }
    }

    private void Start()
    {
        if (_cpu is null || _scene is null || !_thread.Registers.IsValid(_cpu.Profile.ProgramCounter))
        {
            Finish(WalkEnd.NoContext);
            return;
        }

        Push(_thread.Registers, FrameTrust.Context, exact: true);
    }

    /// <summary>Everything but scanning; false when the table of the frame's module is missing.</summary>
    private bool TryUnwind(ModuleTables tables, WalkNeeds needs)
    {
        var frame = _frames[^1];
        if (frame.Module >= 0)
        {
            if (!tables.TryGetUnwindTable(frame.Module, _cpu!.Profile.Family, out var table))
            {
                needs.UnwindTables.Add(frame.Module);
                return false;
            }

            if (table is not null)
            {
                var step = Step(table, frame, out var stepped);
                if (_scene!.MissingCode.Count > 0)
                {
                    needs.UnwindTables.UnionWith(_scene.MissingCode);
                    _scene.MissingCode.Clear();
                    return false;
                }

                if (TryTake(step, stepped))
                {
                    return true;
                }
            }
        }

        if (TrySignalTrampoline(frame))
        {
            return true;
        }

        switch (TryCallToNowhere(frame, tables, needs))
        {
            case ScanVerdict.Accepted:
                return true;
            case ScanVerdict.Unknown:
                return false;
        }

        var result = _cpu!.StepByFramePointer(_scene!, _registers, _exact, out var caller);
        if (result == StepResult.EndOfStack)
        {
            Finish(WalkEnd.EndOfStack);
        }
        else if (result == StepResult.Stepped && MovesUp(caller, afterSignal: false))
        {
            Push(caller, FrameTrust.FramePointer, exact: false);
        }
        else
        {
            _stage = Stage.Scan;
        }

        return true;
    }

    /// <summary>
    /// Where registers were guessed, they may lead anywhere: a return address of x86 code is believed only behind a call.
    /// </summary>
    private UnwindResult Step(IUnwindTable table, RawFrame frame, out RegisterState caller)
    {
        _scene!.Code.TryFind(frame.LookupAddress, out var module);
        var place = new UnwindFrame(frame.LookupAddress - module.Start, module.Start, _calleeParameters, _scene);
        var result = table.Step(place, KnownRegisters(), _scene.MemoryAndCode, out caller);
        bool isGuessed = frame.Trust is FrameTrust.Scan or FrameTrust.FramePointer && _cpu!.Profile.LinkRegister < 0;
        return isGuessed && result is { Outcome: UnwindOutcome.Stepped, SignalFrame: false }
            && caller.TryGet(_cpu!.Profile.ProgramCounter, out ulong pc) && pc >= CpuRules.LowestCode && !_scene.CanReturnTo(pc)
            ? new UnwindResult(UnwindOutcome.Failed)
            : result;
    }

    /// <summary>True when the table decided: a believable caller or the end of the stack.</summary>
    private bool TryTake(UnwindResult result, in RegisterState caller)
    {
        if (result.Outcome == UnwindOutcome.EndOfStack)
        {
            Finish(WalkEnd.EndOfStack);
            return true;
        }

        if (result.Outcome != UnwindOutcome.Stepped || !TryTake(caller, result.SignalFrame))
        {
            return false;
        }

        _calleeParameters = result.ParameterBytes;
        return true;
    }

    /// <summary>Takes the outcome of exact rules if it is believable: bad unwind information must not invent frames.</summary>
    private bool TryTake(in RegisterState caller, bool afterSignal)
    {
        if (!MovesUp(caller, afterSignal) || !caller.TryGet(_cpu!.Profile.ProgramCounter, out ulong pointer))
        {
            return false;
        }

        ulong pc = _cpu.CodeAddress(pointer);
        if (pc < CpuRules.LowestCode && !afterSignal)
        {
            Finish(WalkEnd.EndOfStack);
            return true;
        }

        // What a signal interrupted may have jumped anywhere.
        if (!afterSignal && (!_cpu.IsCanonical(pc) || !_scene!.Code.WasCode(_cpu.PreviousInstruction(pc))))
        {
            return false;
        }

        // On Windows the frame that holds an interrupted context has called the handler itself.
        if (afterSignal && _options.System != WalkSystem.Windows)
        {
            MarkTrampoline();
        }

        Push(caller, FrameTrust.Cfi, exact: afterSignal);
        return true;
    }

    /// <summary>A trampoline without unwind information is known by its instructions.</summary>
    private bool TrySignalTrampoline(RawFrame frame) =>
        _hasStackPointer
        && _options.System is WalkSystem.Linux or WalkSystem.Unknown
        && SignalTrampoline.TryStep(_scene!, frame.InstructionAddress, _registers, out var caller)
        && TryTake(caller, afterSignal: true);

    /// <summary>
    /// A call through a bad function pointer: nothing was executed at the target, so that the caller's frame pointer is
    /// not that of the callee and following it would lose the caller. The word is judged as one that a scan finds.
    /// </summary>
    private ScanVerdict TryCallToNowhere(RawFrame frame, ModuleTables tables, WalkNeeds needs)
    {
        if (!_exact || _scene!.Code.IsCode(frame.InstructionAddress)
            || !_cpu!.TryReturnFromCall(_scene, _registers, out var caller)
            || !caller.TryGet(_cpu.Profile.ProgramCounter, out ulong pointer) || !MovesUp(caller, afterSignal: false))
        {
            return ScanVerdict.Refused;
        }

        var verdict = StackScanner.Judge(_scene, _cpu, pointer, tables, needs);
        if (verdict == ScanVerdict.Accepted)
        {
            Push(caller, FrameTrust.Scan, exact: false);
            _hasStackPointer = true; // nothing was pushed since the call
        }

        return verdict;
    }

    /// <summary>False when some module in the window is not loaded.</summary>
    private bool TryScan(ModuleTables tables, WalkNeeds needs)
    {
        var frame = _frames[^1];
        if (!_registers.TryGet(_cpu!.Profile.StackPointer, out ulong stackPointer)
            || !_scene!.TryReadStack(stackPointer, stackPointer, out _))
        {
            Finish(WalkEnd.StackUnreadable);
            return true;
        }

        if (!_options.ScanStack)
        {
            Finish(WalkEnd.NoCaller);
            return true;
        }

        int words = StackScanner.WindowAbove(frame.Trust);
        if (!StackScanner.TryScan(_scene, _cpu, stackPointer, words, tables, needs, out var hit))
        {
            return false;
        }

        if (hit is { } found)
        {
            Push(_cpu.AfterScan(_scene, _registers, stackPointer, found.At, found.Value), FrameTrust.Scan, exact: false);
        }
        else
        {
            Finish(WalkEnd.NoCaller);
        }

        return true;
    }

    /// <summary>
    /// A caller's frame lies above its callee's; the same place is possible where a leaf keeps its return address in a
    /// register. A signal handler may run on a stack of its own.
    /// </summary>
    private bool MovesUp(in RegisterState caller, bool afterSignal)
    {
        var profile = _cpu!.Profile;
        if (!caller.TryGet(profile.StackPointer, out ulong above) || !_registers.TryGet(profile.StackPointer, out ulong below)
            || above > profile.AddressMask || above % (ulong)profile.PointerSize != 0)
        {
            return false;
        }

        return afterSignal ? above != below : above > below || above == below && _exact && profile.LinkRegister >= 0;
    }

    /// <summary>A trampoline is entered by a return to its first instruction, there is no call before it.</summary>
    private void MarkTrampoline()
    {
        var frame = _frames[^1];
        int module = _scene!.Code.TryFind(frame.InstructionAddress, out var found) ? found.Index : -1;
        _frames[^1] = frame with { LookupAddress = frame.InstructionAddress, Module = module, IsSignalTrampoline = true };
    }

    private void Push(in RegisterState registers, FrameTrust trust, bool exact)
    {
        var profile = _cpu!.Profile;
        ulong pc = _cpu.CodeAddress(registers.GetOrZero(profile.ProgramCounter));
        ulong lookup = exact ? pc : _cpu.PreviousInstruction(pc);
        _registers = registers;
        _registers.Set(profile.ProgramCounter, pc);
        _exact = exact;

        // Who finds a pushed return address knows where the caller's stack ended; a saved one may lie anywhere in the
        // callee's frame.
        _hasStackPointer = trust is FrameTrust.Context or FrameTrust.Cfi || profile.LinkRegister < 0;
        _calleeParameters = 0;
        _stage = Stage.Unwind;
        int module = _scene!.Code.TryFind(lookup, out var found) ? found.Index : -1;
        _frames.Add(new RawFrame(pc, lookup, registers.GetOrZero(profile.StackPointer), module, trust, IsSignalTrampoline: false));
        if (_options.KeepRegisters)
        {
            _kept.Add(KnownRegisters());
        }
    }

    private RegisterState KnownRegisters()
    {
        var known = _registers;
        if (!_hasStackPointer)
        {
            known.Invalidate(_cpu!.Profile.StackPointer);
        }

        return known;
    }

    private void Finish(WalkEnd end)
    {
        _end = end;
        _stage = Stage.Done;
    }
}
