using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>RUNTIME_FUNCTION of x64, a record of <c>.pdata</c>.</summary>
/// <param name="Begin">First address, relative to the image base.</param>
/// <param name="End">Address behind the last.</param>
/// <param name="UnwindData">Address of UNWIND_INFO or, with the lowest bit set, of another record.</param>
internal readonly record struct RuntimeFunction(uint Begin, uint End, uint UnwindData)
{
    public const int Size = 12;

    private const uint IndirectBit = 1; // RUNTIME_FUNCTION_INDIRECT

    public bool IsIndirect => (UnwindData & IndirectBit) != 0;

    /// <summary>Where what <see cref="UnwindData"/> refers to lies.</summary>
    public uint Target => UnwindData & ~IndirectBit;

    public static RuntimeFunction Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        return new RuntimeFunction(reader.ReadU32(), reader.ReadU32(), reader.ReadU32());
    }
}
