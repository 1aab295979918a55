namespace Symbolicator.Formats.Breakpad.Windows;

/// <summary>
/// <c>STACK WIN type rva size prolog epilog params saved locals max has_program (program | uses_bp)</c>, numbers in hex.
/// </summary>
internal readonly ref struct WindowsFrameRecord
{
    /// <summary>Frame pointer omission: sizes only.</summary>
    public const int Fpo = 0; // FrameTypeFPO

    /// <summary>Frame data: a program.</summary>
    public const int FrameData = 4; // FrameTypeFrameData

    public int Type { get; private init; }

    public ulong Start { get; private init; }

    public ulong Size { get; private init; }

    public uint Prolog { get; private init; }

    public uint Epilog { get; private init; }

    public uint Params { get; private init; }

    public uint SavedRegs { get; private init; }

    public uint Locals { get; private init; }

    public uint MaxStack { get; private init; }

    /// <summary>Empty for FPO records.</summary>
    public ReadOnlySpan<byte> Program { get; private init; }

    /// <summary>The function uses the base pointer for other things and saves it.</summary>
    public bool UsesBasePointer { get; private init; }

    /// <summary>False also for records whose type contradicts the presence of a program: nothing in them can be relied on.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out WindowsFrameRecord record)
    {
        record = default;
        var tokens = new BreakpadTokens(line);
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
            Fpo => program,
            FrameData => !program,
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
