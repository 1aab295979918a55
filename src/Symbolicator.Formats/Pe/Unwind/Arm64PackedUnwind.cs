namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>
/// Unwind data in one word (Microsoft, "ARM64 exception handling", Packed unwind data): sizes from which prolog and epilog
/// follow. They are written out as unwind codes, so that all functions are unwound the same way.
/// </summary>
internal readonly record struct Arm64PackedUnwind(uint Word)
{
    /// <summary>Codes of the largest prolog and epilog, in bytes.</summary>
    public const int MaxCodeBytes = 96;

    // More than that is allocated by two instructions.
    private const int LargestAllocation = 4080;

    // Up to there one instruction allocates and saves the frame record.
    private const int LargestRecordAllocation = 512;

    private const int MaxIntegers = 10;

    /// <summary>Bytes of code.</summary>
    public uint Length => (Word >> 2 & 0x7ff) * 4;

    public bool IsFragment => (Word & 3) == (uint)Arm64RecordKind.PackedFragment;

    // RegF: d8 and on, one more than stated, none for 0.
    private int Vectors => (Word >> 13 & 7) is uint count and > 0 ? (int)count + 1 : 0;

    // RegI: x19 and on.
    private int Integers => (int)(Word >> 16 & 15);

    // H: x0 to x7 were stored for variable arguments.
    private bool IsHomed => (Word >> 20 & 1) != 0;

    private Arm64PackedChain Chain => (Arm64PackedChain)(Word >> 21 & 3);

    private int FrameSize => (int)(Word >> 23) * 16;

    private bool IsChained => Chain is Arm64PackedChain.Chained or Arm64PackedChain.ChainedSigned;

    /// <summary>Writes the codes: those of the prolog, then those of the epilog.</summary>
    /// <param name="buffer">At least <see cref="MaxCodeBytes"/>.</param>
    /// <param name="epilog">Where the codes of the epilog begin.</param>
    /// <returns>Bytes written, 0 when no prolog has these sizes.</returns>
    public int Expand(Span<byte> buffer, out int epilog)
    {
        epilog = 0;
        int integerBytes = (Integers + (Chain == Arm64PackedChain.LinkSaved ? 1 : 0)) * 8;
        int vectorBytes = Vectors * 8;
        int saved = (integerBytes + vectorBytes + (IsHomed ? 64 : 0) + 15) & ~15;
        int locals = FrameSize - saved;

        if (Integers > MaxIntegers || locals < (IsChained ? 16 : 0))
        {
            return 0;
        }

        var prolog = new Writer(buffer);
        Write(ref prolog, isProlog: true, integerBytes, saved, locals);
        epilog = prolog.Length;
        var rest = new Writer(buffer[epilog..]);
        Write(ref rest, isProlog: false, integerBytes, saved, locals);
        return epilog + rest.Length;
    }

    /// <summary>Codes are in the order of undoing: that of the epilog, the reverse of the prolog.</summary>
    private void Write(ref Writer codes, bool isProlog, int integerBytes, int saved, int locals)
    {
        if (IsChained)
        {
            if (isProlog)
            {
                codes.Add(Arm64UnwindByte.SetFramePointer);
            }

            codes.Add(locals <= LargestRecordAllocation ? 0x80 | (locals / 8 - 1) : 0x40); // save_fplr_x, save_fplr
        }

        if (!IsChained || locals > LargestRecordAllocation)
        {
            if (locals > LargestAllocation)
            {
                codes.Allocate(locals - LargestAllocation);
            }

            codes.Allocate(Math.Min(locals, LargestAllocation));
        }

        WriteHoming(ref codes, isProlog, saved);
        WriteVectors(ref codes, integerBytes, saved);
        WriteIntegers(ref codes, integerBytes, saved);
        if (Chain == Arm64PackedChain.ChainedSigned)
        {
            codes.Add(Arm64UnwindByte.SignReturnAddress);
        }

        codes.Add(Arm64UnwindByte.End);
    }

    /// <summary>The epilog does not load them back. The first pair allocates when nothing else was saved.</summary>
    private void WriteHoming(ref Writer codes, bool isProlog, int saved)
    {
        if (!IsHomed)
        {
            return;
        }

        bool allocates = Integers == 0 && Vectors == 0 && Chain != Arm64PackedChain.LinkSaved;
        for (int pair = allocates ? 1 : 0; pair < 4 && isProlog; pair++)
        {
            codes.Add(Arm64UnwindByte.Nop);
        }

        if (allocates)
        {
            codes.Allocate(saved);
        }
    }

    private void WriteVectors(ref Writer codes, int integerBytes, int saved)
    {
        int count = Vectors;
        if (count % 2 != 0)
        {
            codes.AddWide(0xdc00, count - 1, integerBytes + (count - 1) * 8); // save_freg
        }

        for (int i = count / 2 - 1; i >= 0; i--)
        {
            if (i == 0 && integerBytes == 0)
            {
                codes.AddWide(0xda00, 0, saved - 8); // save_fregp_x
            }
            else
            {
                codes.AddWide(0xd800, 2 * i, integerBytes + 16 * i); // save_fregp
            }
        }
    }

    private void WriteIntegers(ref Writer codes, int integerBytes, int saved)
    {
        int count = Integers;
        bool withLink = Chain == Arm64PackedChain.LinkSaved;
        int last = count - 1;
        if (withLink && count % 2 != 0)
        {
            codes.AddWide(0xd600, last / 2, last * 8); // save_lrpair
            if (count == 1)
            {
                // No code saves this pair and allocates; Visual C++ takes two instructions.
                codes.Allocate(saved);
            }
        }
        else if (withLink && count == 0)
        {
            codes.AddLowering(30 - 19, saved);
        }
        else if (withLink)
        {
            codes.AddWide(0xd000, 30 - 19, integerBytes - 8); // save_reg
        }
        else if (count == 1)
        {
            codes.AddLowering(0, saved);
        }
        else if (count % 2 != 0)
        {
            codes.AddWide(0xd000, last, last * 8); // save_reg
        }

        for (int i = count / 2 - 1; i >= 0; i--)
        {
            if (i == 0)
            {
                codes.AddWide(0xcc00, 0, saved - 8); // save_regp_x
            }
            else
            {
                codes.AddWide(0xc800, 2 * i, 16 * i); // save_regp
            }
        }
    }

    private ref struct Writer(Span<byte> bytes)
    {
        private readonly Span<byte> _bytes = bytes;

        public int Length { get; private set; }

        public void Add(int code) => _bytes[Length++] = (byte)code;

        /// <summary>A code with a register of 3 or 4 bits and an offset in eights of 6 bits.</summary>
        public void AddWide(int code, int register, int offset)
        {
            int word = code | register << 6 | offset / 8;
            Add(word >> 8);
            Add(word & 0xff);
        }

        /// <summary>save_reg_x.</summary>
        public void AddLowering(int register, int bytes)
        {
            int word = 0xd400 | register << 5 | (bytes / 8 - 1);
            Add(word >> 8);
            Add(word & 0xff);
        }

        /// <summary>alloc_m, or nothing.</summary>
        public void Allocate(int bytes)
        {
            if (bytes > 0)
            {
                int word = 0xc000 | bytes / 16;
                Add(word >> 8);
                Add(word & 0xff);
            }
        }
    }
}
