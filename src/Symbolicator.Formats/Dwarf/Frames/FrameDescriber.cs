using System.Globalization;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>
/// Prints the rows of a function in Breakpad's STACK CFI notation. That notation has no DWARF expressions: a CFA that is
/// one is left out, so that the row before seems to go on; registers that are one are <c>.undef</c>.
/// </summary>
internal static class FrameDescriber
{
    /// <summary>Changes described; the largest functions have some thousand.</summary>
    private const int MaxDeltas = 16 << 10;

    private const string Cfa = ".cfa";
    private const string ReturnAddress = ".ra";
    private const string Undefined = ".undef";

    /// <summary>Null when there is not even a first row.</summary>
    public static UnwindDescription? Describe(
        FrameSection section, in FunctionEntry entry, CpuProfile cpu, ulong imageBase, ParseLimits limits)
    {
        Dictionary<string, string>? init = null;
        var deltas = new List<UnwindDelta>();
        var before = new Dictionary<string, string>();
        var program = new FrameProgram(section, entry, limits.RememberDepth);
        try
        {
            while (deltas.Count < MaxDeltas && program.TryReadRow())
            {
                var changes = Changes(Row(program.Rules, entry, cpu), before, cpu);
                if (init is null)
                {
                    init = changes;
                }
                else if (changes.Count > 0)
                {
                    deltas.Add(new UnwindDelta(unchecked(program.RowStart - imageBase), changes));
                }
            }
        }
        finally
        {
            program.Dispose();
        }

        return init is null ? null : new UnwindDescription(unchecked(entry.Start - imageBase), entry.Size, init, deltas);
    }

    /// <summary>All rules of one row, without those that nothing is known of.</summary>
    private static Dictionary<string, string> Row(in RuleSet rules, in FunctionEntry entry, CpuProfile cpu)
    {
        var row = new Dictionary<string, string>();
        if (rules.Cfa.Kind == RuleKind.Register)
        {
            row[Cfa] = string.Create(CultureInfo.InvariantCulture, $"{Name(rules.Cfa.Register, cpu)} {rules.Cfa.Operand} +");
        }

        ulong column = entry.Common.ReturnAddressRegister;
        for (int register = 0; register < cpu.RegisterNames.Count; register++)
        {
            if ((ulong)register != column && register != cpu.ProgramCounter && Text(rules[register], register, cpu) is { } text)
            {
                row[Name(register, cpu)] = text;
            }
        }

        if (column < RegisterState.Capacity)
        {
            // A link register that has no rule still holds the return address.
            var rule = rules[(int)column];
            string? text = rule.Kind == RuleKind.Unspecified && (int)column == cpu.LinkRegister
                ? Name((int)column, cpu)
                : Text(rule, (int)column, cpu);
            if (text is not null)
            {
                row[ReturnAddress] = text;
            }
        }

        return row;
    }

    /// <summary>What a row changes. Withdrawn rules of registers are said to be back at their own value.</summary>
    private static Dictionary<string, string> Changes(
        Dictionary<string, string> row, Dictionary<string, string> before, CpuProfile cpu)
    {
        var changes = new Dictionary<string, string>();
        foreach (var (register, rule) in row)
        {
            if (!before.TryGetValue(register, out string? old) || old != rule)
            {
                changes[register] = rule;
            }
        }

        foreach (string register in before.Keys)
        {
            if (register is not (Cfa or ReturnAddress) && !row.ContainsKey(register) && before[register] != register)
            {
                changes[register] = register;
            }
        }

        foreach (var (register, rule) in changes)
        {
            before[register] = rule;
        }

        return changes;
    }

    private static string? Text(RegisterRule rule, int register, CpuProfile cpu) => rule.Kind switch
    {
        RuleKind.Unspecified => null,
        RuleKind.SameValue => Name(register, cpu),
        RuleKind.Register => Name(rule.Register, cpu),
        RuleKind.Offset => string.Create(CultureInfo.InvariantCulture, $"{Cfa} {rule.Operand} + ^"),
        RuleKind.ValueOffset => string.Create(CultureInfo.InvariantCulture, $"{Cfa} {rule.Operand} +"),
        _ => Undefined,
    };

    /// <summary>Breakpad marks registers of the x86 family by a dollar sign and numbers those of AArch64.</summary>
    private static string Name(int register, CpuProfile cpu) => cpu.Family switch
    {
        CpuFamily.Arm64 when register is 29 or 30 => register == 29 ? "x29" : "x30",
        CpuFamily.Arm64 or CpuFamily.Arm => Known(register, cpu),
        _ => "$" + Known(register, cpu),
    };

    private static string Known(int register, CpuProfile cpu) => register < cpu.RegisterNames.Count
        ? cpu.RegisterNames[register]
        : string.Create(CultureInfo.InvariantCulture, $"r{register}");
}
