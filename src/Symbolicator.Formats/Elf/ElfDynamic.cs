using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Elf;

/// <summary>
/// What the dynamic section says (gABI chapter 5): the name of a library, and the dynamic symbols of an image
/// whose section headers are gone. Its addresses are virtual and are mapped through the loaded segments.
/// </summary>
internal sealed class ElfDynamic
{
    private readonly FileBytes _file;
    private readonly ElfSegments _segments;
    private readonly ElfEncoding _encoding;
    private readonly ElfMachine _machine;
    private readonly Dictionary<ElfDynamicTag, ulong> _values = [];

    private ElfDynamic(FileBytes file, ElfSegments segments, ElfEncoding encoding, ElfMachine machine)
    {
        _file = file;
        _segments = segments;
        _encoding = encoding;
        _machine = machine;
    }

    /// <summary>Linked as a program, though its type is that of a library.</summary>
    public bool IsProgram => (Value(ElfDynamicTag.Flags1) & ElfConstants.PositionIndependentExecutable) != 0;

    public static ElfDynamic Read(FileBytes file, ElfSegments segments, ElfEncoding encoding, ElfMachine machine)
    {
        var dynamic = new ElfDynamic(file, segments, encoding, machine);
        foreach (ref readonly var segment in segments.All)
        {
            if (segment.Type == ElfSegmentType.Dynamic)
            {
                dynamic.ReadEntries(ElfSegments.Bytes(segment, file));
                break;
            }
        }

        return dynamic;
    }

    /// <summary>DT_SONAME; empty without one.</summary>
    public ReadOnlySpan<byte> SharedObjectName(ParseLimits limits)
    {
        if (!_values.TryGetValue(ElfDynamicTag.SharedObjectName, out ulong offset))
        {
            return default;
        }

        var text = Strings().From(offset);
        text = text[..Math.Min(text.Length, limits.StringBytes)];
        int end = text.IndexOf((byte)0);
        return end < 0 ? default : text[..end];
    }

    /// <summary>The dynamic symbols; false when the dynamic section does not lead to any.</summary>
    public bool TryFindSymbols(out ElfSymbolTable table)
    {
        table = default;
        int entrySize = ElfSymbol.SizeOf(_encoding);
        if (!TryMap(ElfDynamicTag.Symbols, out var symbols)
            || (_values.TryGetValue(ElfDynamicTag.SymbolSize, out ulong stated) && stated != (ulong)entrySize))
        {
            return false;
        }

        ulong count = Math.Min(CountSymbols(), (ulong)(symbols.Length / entrySize));
        if (count <= 1 || !symbols.Range.TrySlice(0, count * (ulong)entrySize, out var range))
        {
            return false;
        }

        table = new ElfSymbolTable(symbols with { Range = range }, Strings(), entrySize);
        return true;
    }

    private ulong Value(ElfDynamicTag tag) => _values.GetValueOrDefault(tag);

    private void ReadEntries(Section entries)
    {
        var reader = entries.ReaderAt(0, _encoding.BigEndian);
        int size = 2 * _encoding.AddressSize;
        while (reader.Remaining >= size)
        {
            ulong tag = reader.ReadWord(_encoding.Is64);
            ulong value = reader.ReadWord(_encoding.Is64);
            if (tag == (ulong)ElfDynamicTag.End)
            {
                break;
            }

            // Only tags that are used are kept, so that a hostile section cannot fill memory.
            if (Enum.IsDefined((ElfDynamicTag)tag))
            {
                _values.TryAdd((ElfDynamicTag)tag, value);
            }
        }
    }

    private bool TryMap(ElfDynamicTag tag, out Section mapped)
    {
        mapped = default;
        return _values.TryGetValue(tag, out ulong address) && _segments.TryMap(address, _file, out mapped);
    }

    private Section Strings()
    {
        if (!TryMap(ElfDynamicTag.Strings, out var strings))
        {
            return default;
        }

        ulong size = _values.GetValueOrDefault(ElfDynamicTag.StringsSize, ulong.MaxValue);
        return strings.Range.TrySlice(0, Math.Min(size, (ulong)strings.Length), out var range)
            ? strings with { Range = range }
            : strings;
    }

    /// <summary>No entry states the number of symbols: hash tables and relocations reveal it.</summary>
    private ulong CountSymbols()
    {
        if (TryMap(ElfDynamicTag.GnuHash, out var gnuHash) && CountByGnuHash(gnuHash) is > 0 and var counted)
        {
            return counted;
        }

        if (TryMap(ElfDynamicTag.Hash, out var hash))
        {
            bool wide = _encoding.Is64 && _machine is ElfMachine.Alpha or ElfMachine.S390;
            var reader = hash.ReaderAt(0, _encoding.BigEndian);
            reader.ReadWord(wide); // nbucket
            ulong chains = reader.ReadWord(wide); // nchain, one for each symbol
            if (reader.Fault.IsNone && chains != 0)
            {
                return chains;
            }
        }

        return CountByRelocations();
    }

    private ulong CountByGnuHash(Section hash)
    {
        var reader = hash.ReaderAt(0, _encoding.BigEndian);
        uint buckets = reader.ReadU32();
        uint firstHashed = reader.ReadU32();
        uint bloomWords = reader.ReadU32();
        reader.Skip(sizeof(uint)); // bloom shift
        reader.Skip((ulong)bloomWords * (ulong)_encoding.AddressSize);
        uint last = 0;
        for (uint i = 0; i < buckets && !reader.AtEnd; i++)
        {
            last = Math.Max(last, reader.ReadU32());
        }

        if (!reader.Fault.IsNone)
        {
            return 0;
        }

        if (last < firstHashed)
        {
            return firstHashed; // nothing is hashed: only undefined symbols
        }

        // The chain of the highest bucket ends with the highest symbol; the lowest bit marks the end.
        reader.Skip((ulong)(last - firstHashed) * sizeof(uint));
        while (!reader.AtEnd)
        {
            if ((reader.ReadU32() & 1) != 0)
            {
                return reader.Fault.IsNone ? (ulong)last + 1 : 0;
            }

            last = last == uint.MaxValue ? last : last + 1;
        }

        return 0;
    }

    private ulong CountByRelocations()
    {
        bool pltHasAddend = Value(ElfDynamicTag.PltRelocationsKind) == (ulong)ElfDynamicTag.RelocationsWithAddend;
        ulong highest = HighestSymbol(ElfDynamicTag.RelocationsWithAddend, ElfDynamicTag.RelocationsWithAddendSize, true);
        highest = Math.Max(highest, HighestSymbol(ElfDynamicTag.Relocations, ElfDynamicTag.RelocationsSize, false));
        highest = Math.Max(highest, HighestSymbol(ElfDynamicTag.PltRelocations, ElfDynamicTag.PltRelocationsSize, pltHasAddend));
        return highest + 1;
    }

    private ulong HighestSymbol(ElfDynamicTag start, ElfDynamicTag size, bool hasAddend)
    {
        if (!TryMap(start, out var relocations)
            || !relocations.TryWindow(0, Math.Min(Value(size), (ulong)relocations.Length), out var window))
        {
            return 0;
        }

        var reader = new ByteReader(window, _encoding.BigEndian, relocations.Range.Offset);
        int entrySize = (hasAddend ? 3 : 2) * _encoding.AddressSize;
        ulong highest = 0;
        while (reader.Remaining >= entrySize)
        {
            reader.ReadWord(_encoding.Is64); // r_offset
            ulong info = reader.ReadWord(_encoding.Is64);
            reader.Skip(hasAddend ? (ulong)_encoding.AddressSize : 0);
            highest = Math.Max(highest, SymbolOf(info));
        }

        return highest;
    }

    private ulong SymbolOf(ulong info)
    {
        if (!_encoding.Is64)
        {
            return info >> 8;
        }

        // Little-endian MIPS has the symbol in the first four bytes of r_info, all others in the high half.
        bool first = !_encoding.BigEndian && _machine is ElfMachine.Mips;
        return first ? info & uint.MaxValue : info >> 32;
    }
}
