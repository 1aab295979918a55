using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>
/// Executes DWARF call frame information (DWARF5 §6.4, LSB Core §10.6) of <c>.debug_frame</c> and <c>.eh_frame</c>. The
/// addresses of all functions are indexed when it is opened; everything else is read again for each step. Return
/// addresses are handed out as they are stored, with their authentication code.
/// </summary>
public sealed class DwarfFrameTable : IUnwindTable, ICodeView
{
    private readonly DwarfFrameSections _sections;
    private readonly CpuProfile _cpu;
    private readonly ParseLimits _limits;

    // In the order of their authority: what compilers wrote for debuggers, then what the run time uses.
    private readonly FrameSection[] _frames;

    private readonly SectionCode _code;

    private DwarfFrameTable(DwarfFrameSections sections, CpuProfile cpu, ParseLimits limits, FrameSection[] frames)
    {
        _sections = sections;
        _cpu = cpu;
        _limits = limits;
        _frames = frames;
        _code = new SectionCode(sections.ImageBase, sections.Code);
    }

    public bool IsEmpty => _frames.Length == 0;

    public CpuFamily Cpu => _cpu.Family;

    public long EstimatedBytes
    {
        get
        {
            long total = _code.EstimatedBytes;
            foreach (var section in _frames)
            {
                total += section.Index.EstimatedBytes;
            }

            return total;
        }
    }

    /// <summary>
    /// Null without any entry that can be read (linkers leave empty sections) or on a CPU that we do not unwind. Damaged
    /// entries are logged and left
    /// out. The sections must stay readable as long as the table is in use.
    /// </summary>
    public static DwarfFrameTable? Open(DwarfFrameSections sections, ParseLimits limits, FaultLog faults)
    {
        if (sections.DebugFrame.IsEmpty && sections.EhFrame.IsEmpty || CpuProfile.For(sections.Cpu) is not { } cpu)
        {
            return null;
        }

        var frames = new List<FrameSection>();
        foreach (bool isEh in (ReadOnlySpan<bool>)[false, true])
        {
            if ((isEh ? sections.EhFrame : sections.DebugFrame).IsEmpty)
            {
                continue;
            }

            var section = new FrameSection(sections, isEh, limits, faults);
            if (!section.Index.IsEmpty)
            {
                frames.Add(section);
            }
        }

        return frames.Count == 0 ? null : new DwarfFrameTable(sections, cpu, limits, [.. frames]);
    }

    public bool Covers(ulong rva)
    {
        foreach (var section in _frames)
        {
            if (section.Index.TryFind(rva, out _))
            {
                return true;
            }
        }

        return false;
    }

    public UnwindResult Step(in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        var result = new UnwindResult(UnwindOutcome.NotCovered);
        caller = default;
        foreach (var section in _frames)
        {
            if (!section.Index.TryFind(frame.LookupRva, out ulong offset))
            {
                continue;
            }

            var attempt = Step(section, offset, frame, callee, memory, out caller);
            if (attempt.Outcome != UnwindOutcome.Failed)
            {
                return attempt;
            }

            // The other section may do better; the first failure says more when it does not.
            result = result.Outcome == UnwindOutcome.Failed ? result : attempt;
        }

        return result;
    }

    public bool TryReadCode(ulong rva, Span<byte> destination) => _code.TryReadCode(rva, destination);

    public UnwindDescription? Describe(ulong rva)
    {
        foreach (var section in _frames)
        {
            if (section.Index.TryFind(rva, out ulong offset) && section.TryReadFunction(offset, out var entry, out _)
                && FrameDescriber.Describe(section, entry, _cpu, _sections.ImageBase, _limits) is { } description)
            {
                return description;
            }
        }

        return null;
    }

    private UnwindResult Step(
        FrameSection section, ulong offset, in UnwindFrame frame, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        if (!section.TryReadFunction(offset, out var entry, out var fault))
        {
            return Failed(fault);
        }

        var program = new FrameProgram(section, entry, _limits.RememberDepth);
        try
        {
            if (!program.TrySeek(unchecked(frame.LookupRva + _sections.ImageBase)))
            {
                return Failed(program.Fault.IsNone ? new ParseFault(MalformedReason.BadValue, FileOffset(section, offset)) : program.Fault);
            }

            ulong bias = unchecked(frame.LoadAddress - _sections.ImageBase);
            var scene = new ExpressionScene(in callee, memory, bias, _cpu.PointerSize, section.SwapsEspAndEbp, _limits);
            var outcome = Apply(section, entry, program.Rules, scene, out caller, out fault);
            if (fault is { Reason: not MalformedReason.None, Offset: 0 })
            {
                fault = fault with { Offset = FileOffset(section, offset) };
            }

            return new UnwindResult(outcome, entry.Common.IsSignalFrame, fault);
        }
        finally
        {
            program.Dispose();
        }
    }

    /// <summary>Computes the caller's registers by the rules of one row. Rules see the callee's values only.</summary>
    private UnwindOutcome Apply(
        FrameSection section, in FunctionEntry entry, in RuleSet rules, in ExpressionScene scene, out RegisterState caller, out ParseFault fault)
    {
        caller = default;
        ulong column = entry.Common.ReturnAddressRegister;
        if (column >= RegisterState.Capacity)
        {
            fault = new ParseFault(MalformedReason.Unsupported, 0);
            return UnwindOutcome.Failed;
        }

        var returnRule = rules[(int)column];
        if (returnRule.Kind == RuleKind.Undefined)
        {
            fault = default;
            return UnwindOutcome.EndOfStack;
        }

        if (!TryCfa(section, rules.Cfa, scene, out ulong cfa, out fault) && !TryCfaOfRecord(rules, scene, out cfa))
        {
            return UnwindOutcome.Failed;
        }

        fault = default;
        for (int register = 0; register < _cpu.RegisterNames.Count; register++)
        {
            if (register != _cpu.ProgramCounter)
            {
                Restore(section, rules[register], register, cfa, scene, ref caller);
            }
        }

        if (!TryValue(section, returnRule, (int)column, cfa, scene, out ulong returnAddress, out fault))
        {
            return UnwindOutcome.Failed;
        }

        caller.Set(_cpu.ProgramCounter, returnAddress);

        // The stack pointer before the call is the CFA by definition of all our ABIs, unless a rule says otherwise.
        if (rules[_cpu.StackPointer].Kind is RuleKind.Unspecified or RuleKind.SameValue)
        {
            caller.Set(_cpu.StackPointer, cfa);
        }

        return UnwindOutcome.Stepped;
    }

    private static bool TryCfa(
        FrameSection section, RegisterRule rule, in ExpressionScene scene, out ulong cfa, out ParseFault fault)
    {
        cfa = 0;
        switch (rule.Kind)
        {
            case RuleKind.Register when scene.Registers.TryGet(rule.Register, out ulong value):
                cfa = Truncate(unchecked(value + (ulong)rule.Operand), scene.AddressSize);
                fault = default;
                return true;
            case RuleKind.ValueExpression:
                return DwarfExpression.TryEvaluate(
                    section.ReaderOver((ulong)rule.Operand, (ulong)rule.Length), scene, null, out cfa, out fault);
            default:
                fault = new ParseFault(MalformedReason.BadValue, 0);
                return false;
        }
    }

    /// <summary>
    /// The CFA by the frame record of AArch64 (AAPCS64 §6.4.6): x29 points at the place where the rules say that x29 and
    /// x30 are saved. That finds the CFA of a frame whose stack pointer is not known.
    /// </summary>
    private bool TryCfaOfRecord(in RuleSet rules, in ExpressionScene scene, out ulong cfa)
    {
        cfa = 0;
        if (_cpu.Family != CpuFamily.Arm64 || rules.Cfa.Kind != RuleKind.Register || rules.Cfa.Register != _cpu.StackPointer
            || scene.Registers.IsValid(_cpu.StackPointer) || !scene.Registers.TryGet(_cpu.FramePointer, out ulong record))
        {
            return false;
        }

        var saved = rules[_cpu.FramePointer];
        var link = rules[_cpu.LinkRegister];
        if (saved.Kind != RuleKind.Offset || link.Kind != RuleKind.Offset || link.Operand != unchecked(saved.Operand + _cpu.PointerSize))
        {
            return false;
        }

        cfa = unchecked(record - (ulong)saved.Operand);
        return true;
    }

    /// <summary>A register that cannot be restored is unknown; that alone does not end the walk.</summary>
    private void Restore(
        FrameSection section, RegisterRule rule, int register, ulong cfa, in ExpressionScene scene, ref RegisterState caller)
    {
        bool keeps = rule.Kind != RuleKind.Unspecified || (_cpu.CalleeSaved >> register & 1) != 0;
        if (keeps && TryValue(section, rule, register, cfa, scene, out ulong value, out _))
        {
            caller.Set(register, value);
        }
    }

    private static bool TryValue(
        FrameSection section, RegisterRule rule, int register, ulong cfa, in ExpressionScene scene, out ulong value, out ParseFault fault)
    {
        fault = default;
        switch (rule.Kind)
        {
            case RuleKind.Unspecified:
            case RuleKind.SameValue:
                if (scene.Registers.TryGet(register, out value))
                {
                    return true;
                }

                break;
            case RuleKind.Offset:
                ulong slot = Truncate(unchecked(cfa + (ulong)rule.Operand), scene.AddressSize);
                if (scene.Memory.TryReadUnsigned(slot, scene.AddressSize, out value))
                {
                    return true;
                }

                break;
            case RuleKind.ValueOffset:
                value = Truncate(unchecked(cfa + (ulong)rule.Operand), scene.AddressSize);
                return true;
            case RuleKind.Register:
                if (scene.Registers.TryGet(rule.Register, out value))
                {
                    return true;
                }

                break;
            case RuleKind.Expression:
            case RuleKind.ValueExpression:
                var expression = section.ReaderOver((ulong)rule.Operand, (ulong)rule.Length);
                if (!DwarfExpression.TryEvaluate(expression, scene, cfa, out value, out fault))
                {
                    return false;
                }

                if (rule.Kind == RuleKind.ValueExpression || scene.Memory.TryReadUnsigned(value, scene.AddressSize, out value))
                {
                    return true;
                }

                break;
        }

        value = 0;
        fault = new ParseFault(MalformedReason.OutOfRange, 0);
        return false;
    }

    private static ulong Truncate(ulong value, int addressSize) => addressSize == 8 ? value : value & uint.MaxValue;

    private static UnwindResult Failed(ParseFault fault) => new(UnwindOutcome.Failed, Fault: fault);

    private static long FileOffset(FrameSection section, ulong offset) => section.Section.Range.Offset + (long)offset;
}
