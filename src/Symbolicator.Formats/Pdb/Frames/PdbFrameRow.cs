using System.Runtime.CompilerServices;

namespace Symbolicator.Formats.Pdb.Frames;

/// <summary>One record, or the part of one that lies in one piece. Sizes in bytes, addresses are RVAs of the image.</summary>
internal struct PdbFrameRow
{
    public const byte UsesBasePointer = 1;
    public const byte StartsFunction = 2;

    public uint Start;
    public uint Size;
    public uint Prolog;
    public uint Locals;
    public uint Params;
    public uint MaxStack;
    public uint SavedRegs;

    /// <summary>Where the program starts in the table's programs.</summary>
    public int Program;

    public int ProgramLength;

    /// <summary>Where the record lies in the file.</summary>
    public long FileOffset;

    public byte Type;
    public byte Flags;

    public static int Bytes => Unsafe.SizeOf<PdbFrameRow>();
}
