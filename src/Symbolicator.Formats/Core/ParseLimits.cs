namespace Symbolicator.Formats.Core;

/// <summary>
/// Every bound that a reader imposes on untrusted input, in one immutable value. The defaults accept the largest
/// files known to us; tests tighten single members.
/// </summary>
public sealed record ParseLimits
{
    public static ParseLimits Default { get; } = new();

    /// <summary>Sections of one object file.</summary>
    public int Sections { get => field; init => field = Positive(value); } = 1 << 20;

    /// <summary>Program headers, load commands or other segments of one object file.</summary>
    public int Segments { get => field; init => field = Positive(value); } = 1 << 16;

    /// <summary>Symbols read from one symbol table.</summary>
    public int Symbols { get => field; init => field = Positive(value); } = 64 << 20;

    /// <summary>Bytes of one section after decompression.</summary>
    public long DecompressedSectionBytes { get => field; init => field = Positive(value); } = 4L << 30;

    /// <summary>Decompressed bytes per compressed byte; real debug sections stay below 100.</summary>
    public int DecompressionRatio { get => field; init => field = Positive(value); } = 256;

    /// <summary>Bytes of one identifier or path; longer ones are cut.</summary>
    public int StringBytes { get => field; init => field = Positive(value); } = 256 << 10;

    /// <summary>Bytes of all distinct strings of one file.</summary>
    public long InternPoolBytes { get => field; init => field = Positive(value); } = 2L << 30;

    /// <summary>Abbreviations in one table (DWARF5 §7.5.3).</summary>
    public int Abbreviations { get => field; init => field = Positive(value); } = 1 << 20;

    /// <summary>Nesting of debugging information entries.</summary>
    public int DieDepth { get => field; init => field = Positive(value); } = 4096;

    /// <summary>References followed from an entry to its abstract origin or specification.</summary>
    public int OriginDepth { get => field; init => field = Positive(value); } = 16;

    /// <summary>Depth of the deepest inlined call that is kept, the outermost having depth 0; deeper ones are dropped.</summary>
    public int InlineDepth { get => field; init => field = Positive(value); } = 512;

    /// <summary>Ranges of one function or inlined call.</summary>
    public int RangesPerEntry { get => field; init => field = Positive(value); } = 1 << 16;

    /// <summary>Ranges of all inlined calls of one function; calls beyond are dropped.</summary>
    public int InlineRanges { get => field; init => field = Positive(value); } = 1 << 20;

    /// <summary>Files and directories in one line program header.</summary>
    public int LineFiles { get => field; init => field = Positive(value); } = 1 << 20;

    /// <summary>Rows of one line program.</summary>
    public int LineRows { get => field; init => field = Positive(value); } = 8 << 20;

    /// <summary>Operations of one DWARF or postfix expression, loops included.</summary>
    public int ExpressionSteps { get => field; init => field = Positive(value); } = 4096;

    /// <summary>Values on the stack of one expression.</summary>
    public int ExpressionStack { get => field; init => field = Positive(value); } = 256;

    /// <summary>Frame description entries, CFI or STACK WIN records of one object.</summary>
    public int UnwindEntries { get => field; init => field = Positive(value); } = 4 << 20;

    /// <summary>Nested remember_state instructions in one frame description entry.</summary>
    public int RememberDepth { get => field; init => field = Positive(value); } = 64;

    /// <summary>Types nested in the spelling of one type of a PDB: pointers to pointers, functions in parameters.</summary>
    public int TypeDepth { get => field; init => field = Positive(value); } = 64;

    /// <summary>Type records and parameters looked at for one name of a PDB.</summary>
    public int TypeSteps { get => field; init => field = Positive(value); } = 16 << 10;

    /// <summary>Bytes of one name with its parameters; longer ones are left without.</summary>
    public int TypeNameBytes { get => field; init => field = Positive(value); } = 16 << 10;

    /// <summary>Streams of one minidump.</summary>
    public int MinidumpStreams { get => field; init => field = Positive(value); } = 4096;

    /// <summary>Bytes of all names and other texts read from one minidump; many records may share one long text.</summary>
    public long MinidumpTextBytes { get => field; init => field = Positive(value); } = 32 << 20;

    /// <summary>Open handles of one minidump.</summary>
    public int Handles { get => field; init => field = Positive(value); } = 1 << 18;

    /// <summary>Annotations in one list of a minidump.</summary>
    public int Annotations { get => field; init => field = Positive(value); } = 65_536;

    /// <summary>Modules of one minidump or request.</summary>
    public int Modules { get => field; init => field = Positive(value); } = 65_536;

    /// <summary>Threads of one minidump.</summary>
    public int Threads { get => field; init => field = Positive(value); } = 65_536;

    /// <summary>Memory regions of one minidump.</summary>
    public int MemoryRegions { get => field; init => field = Positive(value); } = 1 << 20;

    /// <summary>Frames walked on one thread.</summary>
    public int FramesPerThread { get => field; init => field = Positive(value); } = 1024;

    private static int Positive(int value) =>
        value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "a limit is positive");

    private static long Positive(long value) =>
        value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "a limit is positive");
}
