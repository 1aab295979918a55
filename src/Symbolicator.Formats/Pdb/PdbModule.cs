using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pdb;

/// <summary>
/// One compiland (object file) of the image. Its stream holds, one behind the other: symbols (with a signature of four
/// bytes, counted in), C11 lines, C13 lines.
/// </summary>
/// <param name="Index">Position in the module list, from 0.</param>
/// <param name="Stream">Its stream, -1 when it has none.</param>
/// <param name="SymbolBytes">Bytes of symbols.</param>
/// <param name="C11Bytes">Bytes of old line information.</param>
/// <param name="C13Bytes">Bytes of line information in subsections.</param>
/// <param name="NameOffset">Where its name starts in the DBI stream; NUL-terminated, the object file's name follows.</param>
internal readonly record struct PdbModule(int Index, int Stream, uint SymbolBytes, uint C11Bytes, uint C13Bytes, long NameOffset)
{
    public long C13Start => (long)SymbolBytes + C11Bytes;

    /// <summary>The old line information, cut at the end of its stream.</summary>
    public ByteRange C11In(long streamLength) => Cut(SymbolBytes, C11Bytes, streamLength);

    /// <summary>The subsections, cut at the end of their stream.</summary>
    public ByteRange C13In(long streamLength) => Cut(C13Start, C13Bytes, streamLength);

    private static ByteRange Cut(long start, uint length, long streamLength)
    {
        long end = Math.Min(start + length, streamLength);
        return end > start ? new ByteRange(start, end - start) : default;
    }
}
