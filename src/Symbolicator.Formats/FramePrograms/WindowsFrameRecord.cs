using System.Text;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.FramePrograms;

/// <summary>
/// How a range of i386 code on Windows has arranged its stack: sizes in bytes, and mostly a program that computes the
/// caller's registers. Linkers write it into PDBs; Breakpad's <c>STACK WIN</c> has the same fields.
/// </summary>
internal readonly ref struct WindowsFrameRecord
{
    /// <summary>Frame pointer omission: sizes only.</summary>
    public const int Fpo = 0; // FrameTypeFPO

    /// <summary>A frame headed by the saved base pointer.</summary>
    public const int BasePointer = 3; // FrameTypeStandard

    /// <summary>Frame data: a program.</summary>
    public const int FrameData = 4; // FrameTypeFrameData

    public int Type { get; init; }

    /// <summary>Relative to the image base.</summary>
    public ulong Start { get; init; }

    public ulong Size { get; init; }

    /// <summary>Bytes at the start in which the frame is not complete.</summary>
    public uint Prolog { get; init; }

    public uint Epilog { get; init; }

    public uint Params { get; init; }

    public uint SavedRegs { get; init; }

    public uint Locals { get; init; }

    public uint MaxStack { get; init; }

    /// <summary>Empty for FPO records.</summary>
    public ReadOnlySpan<byte> Program { get; init; }

    /// <summary>The function uses the base pointer for other things and saves it.</summary>
    public bool UsesBasePointer { get; init; }

    /// <summary>Nothing has been pushed yet at the start.</summary>
    public bool StartsFunction { get; init; }

    public UnwindDescription Describe()
    {
        string? program = Program.IsEmpty ? null : Encoding.UTF8.GetString(Program);
        var windows = new WindowsFrameDescription(
            Type, Start, Size, Prolog, Epilog, Params, SavedRegs, Locals, MaxStack, program is not null, program, UsesBasePointer);
        return new UnwindDescription(Start, Size, new Dictionary<string, string>(), [], windows);
    }
}
