using Symbolicator.Formats.FramePrograms;

namespace Symbolicator.Formats.Breakpad.Windows;

/// <summary>
/// <c>STACK WIN type rva size prolog epilog params saved locals max has_program (program | uses_bp)</c>, numbers in hex.
/// </summary>
internal static class WindowsFrameLine
{
    /// <summary>False also for records whose type contradicts the presence of a program: nothing in them can be relied on.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out WindowsFrameRecord record)
    {
        record = default;
        var tokens = new FieldReader(line);
        if (!tokens.TrySkip("STACK"u8) || !tokens.TrySkip("WIN"u8) || !tokens.TryHex(out uint type)
            || !tokens.TryHex(out ulong start) || !tokens.TryHex(out ulong size) || !tokens.TryHex(out uint prolog)
            || !tokens.TryHex(out uint epilog) || !tokens.TryHex(out uint parameters) || !tokens.TryHex(out uint saved)
            || !tokens.TryHex(out uint locals) || !tokens.TryHex(out uint maxStack) || !tokens.TryHex(out uint hasProgram))
        {
            return false;
        }

        bool program = hasProgram == 1;
        bool contradictory = type switch
        {
            WindowsFrameRecord.Fpo => program,
            WindowsFrameRecord.FrameData => !program,
            _ => false,
        };
        uint flag = 0;
        var rest = tokens.Rest;
        if (hasProgram > 1 || contradictory || rest.IsEmpty || (!program && (!tokens.TryHex(out flag) || flag > 1 || !tokens.AtEnd)))
        {
            return false;
        }

        record = new WindowsFrameRecord
        {
            Type = (int)Math.Min(type, int.MaxValue),
            Start = start,
            Size = size,
            Prolog = prolog,
            Epilog = epilog,
            Params = parameters,
            SavedRegs = saved,
            Locals = locals,
            MaxStack = maxStack,
            Program = program ? rest : default,
            UsesBasePointer = flag == 1,
        };
        return true;
    }
}
