using System.Runtime.CompilerServices;
using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.FramePrograms;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Breakpad.Cfi;

/// <summary>
/// STACK CFI records. Only the ranges of INIT records are kept in memory, rules are read from the file at each step:
/// the deltas of an INIT record follow it in ascending order. In a file where a single one does not, all deltas are
/// kept, sorted by address.
/// </summary>
internal sealed class CfiTable
{
    // Slots of the rules of one step: registers, then these.
    private const int CfaRule = RegisterState.Capacity;
    private const int ReturnRule = RegisterState.Capacity + 1;
    private const int RuleSlots = RegisterState.Capacity + 2;

    private readonly FileBytes _file;
    private readonly ParseLimits _limits;
    private readonly NestedRanges _ranges;
    private readonly CfiDeltaEntry[]? _deltas;

    internal CfiTable(FileBytes file, ParseLimits limits, NestedRanges ranges, CfiDeltaEntry[]? deltas)
    {
        _file = file;
        _limits = limits;
        _ranges = ranges;
        _deltas = deltas;
    }

    public bool IsEmpty => _ranges.IsEmpty;

    public long EstimatedBytes => _ranges.EstimatedBytes + (_deltas?.LongLength ?? 0) * Unsafe.SizeOf<CfiDeltaEntry>();

    public bool Covers(ulong rva) => _ranges.Find(rva) >= 0;

    /// <summary>Computes the caller's registers; the callee-saved ones keep their values where no rule says otherwise.</summary>
    public UnwindResult Step(CpuProfile cpu, ulong rva, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        long offset = _ranges.Find(rva);
        if (offset < 0)
        {
            return new UnwindResult(UnwindOutcome.NotCovered);
        }

        if (!TryReadInit(offset, out var init, out long rulesOffset, out long behind))
        {
            return new UnwindResult(UnwindOutcome.Failed, Fault: new ParseFault(MalformedReason.BadValue, offset));
        }

        Span<ByteRange> rules = stackalloc ByteRange[RuleSlots];
        rules.Clear();
        Collect(cpu, init.Rules, rulesOffset, rules);
        var walk = new CfiDeltaWalk(_file, _deltas, behind, init.Start, rva);
        while (walk.TryNext(out var delta, out rulesOffset))
        {
            Collect(cpu, delta.Rules, rulesOffset, rules);
        }

        if (!walk.Fault.IsNone)
        {
            return new UnwindResult(UnwindOutcome.Failed, Fault: walk.Fault);
        }

        return Execute(cpu, offset, rules, callee, memory, out caller);
    }

    public UnwindDescription? Describe(ulong rva)
    {
        long offset = _ranges.Find(rva);
        if (offset < 0 || !TryReadInit(offset, out var init, out _, out long behind))
        {
            return null;
        }

        // All deltas of the record, not only those up to the address.
        var walk = new CfiDeltaWalk(_file, _deltas, behind, init.Start, init.End - 1);
        var deltas = new List<UnwindDelta>();
        while (walk.TryNext(out var delta, out _))
        {
            deltas.Add(new UnwindDelta(delta.Address, Describe(delta.Rules)));
        }

        return new UnwindDescription(init.Start, init.Size, Describe(init.Rules), deltas);
    }

    private UnwindResult Execute(
        CpuProfile cpu, long offset, ReadOnlySpan<ByteRange> rules, in RegisterState callee, IMemoryView memory, out RegisterState caller)
    {
        caller = default;
        var scope = new CfiScope(cpu, callee);
        var outcome = Evaluate(rules[CfaRule], ref scope, cpu, memory, out ulong cfa);
        if (outcome != PostfixOutcome.Value)
        {
            return Failure(outcome, offset);
        }

        scope.SetCfa(cfa);
        bool ownPc = rules[ReturnRule].IsEmpty;
        outcome = Evaluate(rules[ownPc ? cpu.ProgramCounter : ReturnRule], ref scope, cpu, memory, out ulong returnAddress);
        if (outcome != PostfixOutcome.Value)
        {
            return outcome == PostfixOutcome.Undefined ? new UnwindResult(UnwindOutcome.EndOfStack) : Failure(outcome, offset);
        }

        for (int register = 0; register < RegisterState.Capacity; register++)
        {
            if (!rules[register].IsEmpty)
            {
                if (Evaluate(rules[register], ref scope, cpu, memory, out ulong value) == PostfixOutcome.Value)
                {
                    caller.Set(register, value);
                }
            }
            else if ((cpu.CalleeSaved >> register & 1) != 0 && callee.TryGet(register, out ulong kept))
            {
                caller.Set(register, kept);
            }
        }

        if (rules[cpu.StackPointer].IsEmpty)
        {
            caller.Set(cpu.StackPointer, cfa);
        }

        caller.Set(cpu.ProgramCounter, returnAddress);
        return new UnwindResult(UnwindOutcome.Stepped);
    }

    private PostfixOutcome Evaluate(ByteRange rule, ref CfiScope scope, CpuProfile cpu, IMemoryView memory, out ulong value)
    {
        value = 0;
        var outcome = !rule.IsEmpty && _file.TrySlice(rule, out var text)
            ? PostfixMachine.Run(text, ref scope, memory, cpu, _limits, out value)
            : PostfixOutcome.Malformed;
        return outcome == PostfixOutcome.Done ? PostfixOutcome.Malformed : outcome;
    }

    private static UnwindResult Failure(PostfixOutcome outcome, long offset) => new(
        UnwindOutcome.Failed,
        Fault: new ParseFault(outcome == PostfixOutcome.Unavailable ? MalformedReason.OutOfRange : MalformedReason.BadValue, offset));

    /// <summary>Remembers where the expression of each register is; later rules replace earlier ones.</summary>
    private static void Collect(CpuProfile cpu, ReadOnlySpan<byte> text, long textOffset, Span<ByteRange> rules)
    {
        var list = new CfiRuleList(text);
        while (list.TryNext(out var name, out var expression))
        {
            int slot = name switch
            {
                _ when name.SequenceEqual(".cfa"u8) => CfaRule,
                _ when name.SequenceEqual(".ra"u8) => ReturnRule,
                _ => cpu.IndexOf(name),
            };
            if (slot >= 0 && !expression.IsEmpty && text.Overlaps(expression, out int at))
            {
                rules[slot] = new ByteRange(textOffset + at, expression.Length);
            }
        }
    }

    private static Dictionary<string, string> Describe(ReadOnlySpan<byte> text)
    {
        var rules = new Dictionary<string, string>();
        var list = new CfiRuleList(text);
        while (list.TryNext(out var name, out var expression))
        {
            rules[Encoding.UTF8.GetString(name)] = Encoding.UTF8.GetString(expression);
        }

        return rules;
    }

    private bool TryReadInit(long offset, out CfiInitRecord init, out long rulesOffset, out long behind)
    {
        var lines = new BreakpadLines(_file, offset);
        init = default;
        bool ok = lines.TryReadNext(out var line, out _) && CfiInitRecord.TryParse(line, out init);
        rulesOffset = offset + line.Length - init.Rules.Length; // the rules are the rest of the line
        behind = lines.Position;
        return ok;
    }
}
