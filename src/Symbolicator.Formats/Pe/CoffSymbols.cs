using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe;

/// <summary>The COFF symbol table, which MinGW's linkers leave in an image, and the string table behind it.</summary>
internal static class CoffSymbols
{
    /// <summary>Bytes of IMAGE_SYMBOL.</summary>
    public const int RecordSize = 18;

    /// <summary>The string table with its length field, so that offsets count from its start; absent without symbols.</summary>
    public static Section StringTable(FileBytes file, in PeFileHeader header)
    {
        ulong start = header.SymbolOffset + ((ulong)header.SymbolCount * RecordSize);
        if (header.SymbolOffset == 0 || start >= (ulong)file.Length)
        {
            return default;
        }

        var reader = new Section(file, file.All).ReaderAt(start, bigEndian: false);
        ulong size = Math.Min(reader.ReadU32(), (ulong)file.Length - start);
        return file.All.TrySlice(start, size, out var range) && !range.IsEmpty ? new Section(file, range) : default;
    }
}
