using System.Runtime.CompilerServices;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>One rule.</summary>
/// <param name="Kind">How to read the other two.</param>
/// <param name="Register">Register of a register rule and of the CFA.</param>
/// <param name="Operand">Offset in bytes; for expressions their offset in the section.</param>
/// <param name="Length">Bytes of an expression.</param>
internal readonly record struct RegisterRule(RuleKind Kind, byte Register, int Length, long Operand)
{
    public static RegisterRule Of(RuleKind kind) => new(kind, 0, 0, 0);

    public static RegisterRule At(RuleKind kind, long offset) => new(kind, 0, 0, offset);
}

/// <summary>A row of the table: rules for the CFA and for the registers that <see cref="RegisterState"/> holds.</summary>
internal struct RuleSet
{
    /// <summary>Kind Register (register plus operand), ValueExpression, or Unspecified before it is defined.</summary>
    public RegisterRule Cfa;

    private Rules _rules;

    public readonly RegisterRule this[int register] => _rules[register];

    /// <summary>Registers beyond those that we unwind (floating point, vector) are accepted and dropped.</summary>
    public void Set(ulong register, RegisterRule rule)
    {
        if (register < RegisterState.Capacity)
        {
            _rules[(int)register] = rule;
        }
    }

    [InlineArray(RegisterState.Capacity)]
    private struct Rules
    {
        private RegisterRule _first;
    }
}
