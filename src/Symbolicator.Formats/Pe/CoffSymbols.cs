using System.Buffers.Binary;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Pe;

/// <summary>The COFF symbol table, which MinGW's linkers leave in an image, and the string table behind it.</summary>
internal sealed class CoffSymbols
{
    private readonly PeImage _image;
    private readonly ParseLimits _limits;
    private readonly Section _records;
    private readonly bool _hasUnderscores;

    public CoffSymbols(PeImage image, ParseLimits limits, FaultLog faults)
    {
        _image = image;
        _limits = limits;
        _hasUnderscores = image.Machine == PeMachine.I386;
        Strings = StringTable(image.File, image.Header);
        ulong start = image.Header.SymbolOffset;
        if (start == 0 || image.Header.SymbolCount == 0)
        {
            return;
        }

        ulong present = start < (ulong)image.File.Length ? ((ulong)image.File.Length - start) / CoffSymbol.Size : 0;
        ulong count = Math.Min(Math.Min(image.Header.SymbolCount, present), (ulong)limits.Symbols);
        if (count < image.Header.SymbolCount)
        {
            var reason = present < image.Header.SymbolCount ? MalformedReason.Truncated : MalformedReason.CountOverLimit;
            faults.Add(new ParseFault(reason, (long)start), "COFF symbols");
            IsCut = true;
        }

        Count = (long)count;
        image.File.All.TrySlice(start, count * CoffSymbol.Size, out var range);
        _records = new Section(image.File, range);
    }

    /// <summary>Records, auxiliary ones included.</summary>
    public long Count { get; }

    /// <summary>There should be more records.</summary>
    public bool IsCut { get; }

    public Section Strings { get; }

    /// <summary>The string table with its length field, so that offsets count from its start; absent without symbols.</summary>
    public static Section StringTable(FileBytes file, in PeFileHeader header)
    {
        ulong start = header.SymbolOffset + ((ulong)header.SymbolCount * CoffSymbol.Size);
        if (header.SymbolOffset == 0 || start >= (ulong)file.Length)
        {
            return default;
        }

        var reader = new Section(file, file.All).ReaderAt(start, bigEndian: false);
        ulong size = Math.Min(reader.ReadU32(), (ulong)file.Length - start);
        return file.All.TrySlice(start, size, out var range) && !range.IsEmpty ? new Section(file, range) : default;
    }

    /// <summary>
    /// Reads the next record that marks a place in code, and moves behind it. Those without a name of code (see
    /// <see cref="CoffPlace.IsNamed"/>) only tell where the code before ends.
    /// </summary>
    public bool TryReadNext(ref long index, out CoffPlace place)
    {
        while (index < Count && _records.TryWindow((ulong)index * CoffSymbol.Size, CoffSymbol.Size, out var bytes))
        {
            var reader = new ByteReader(bytes);
            var symbol = CoffSymbol.Read(ref reader);
            long at = index;
            index += 1 + symbol.Auxiliary;
            if (symbol.Section <= 0 || symbol.Section > _image.Sections.Length
                || symbol.Class is not (CoffStorageClass.External or CoffStorageClass.Static))
            {
                continue;
            }

            ulong rva = _image.Sections[symbol.Section - 1].Start + symbol.Value;
            if (rva <= uint.MaxValue && _image.IsCode(rva)) // an image ends below 4 GiB, whatever the headers of a section state
            {
                // Import thunks and assembler routines are untyped; a static untyped one is the start of an input section.
                place = new CoffPlace(at, rva, symbol.IsFunction || symbol.Class == CoffStorageClass.External);
                return true;
            }
        }

        place = default;
        return false;
    }

    /// <summary>
    /// The name of a record, on i386 without the underscore that its C compilers put in front. Empty when it has none.
    /// </summary>
    public ReadOnlySpan<byte> Name(long index, ref long budget)
    {
        if (!_records.TryWindow((ulong)index * CoffSymbol.Size, sizeof(ulong), out var name))
        {
            return default;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(name) == 0)
        {
            name = Strings.From(BinaryPrimitives.ReadUInt32LittleEndian(name[4..]));
            name = name[..Math.Min(name.Length, _limits.StringBytes)];
        }

        int end = name.IndexOf((byte)0);
        name = end < 0 ? name : name[..end];
        budget -= name.Length;
        return _hasUnderscores && name.StartsWith("_"u8) ? name[1..] : name;
    }
}

/// <summary>A place in code that a COFF symbol marks.</summary>
/// <param name="Index">Of the record.</param>
/// <param name="Rva">Relative to the image base.</param>
/// <param name="IsNamed">A function or another symbol that names code.</param>
internal readonly record struct CoffPlace(long Index, ulong Rva, bool IsNamed);
