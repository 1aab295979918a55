using System.Buffers.Binary;
using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Elf;

/// <summary>
/// The section headers and the bytes behind them. Compressed sections are inflated once, on first use, and live until
/// this is disposed. Safe to use from several threads.
/// </summary>
internal sealed class ElfSections : IDisposable
{
    private const int GnuHeaderSize = 12; // "ZLIB" and the size, 8 bytes big-endian

    private readonly FileBytes _file;
    private readonly ElfEncoding _encoding;
    private readonly ParseLimits _limits;
    private readonly FaultLog _faults;
    private readonly ElfSection[] _table;
    private readonly Section _names;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Inflated> _inflated = [];

    // Any number of headers may name the same compressed bytes: all together keep the ratio to the whole file.
    private long _inflatableBytes;

    private ElfSections(FileBytes file, ElfEncoding encoding, ParseLimits limits, FaultLog faults, ElfSection[] table, uint nameSection)
    {
        _file = file;
        _encoding = encoding;
        _limits = limits;
        _faults = faults;
        _table = table;
        long ratio = limits.DecompressionRatio;
        _inflatableBytes = file.Length > long.MaxValue / ratio ? long.MaxValue : Math.Max(file.Length * ratio, BoundedInflater.MemoryBytes);
        if (nameSection < (uint)table.Length && table[nameSection].HasBytes && TryRead((int)nameSection, out var names, out _))
        {
            _names = names;
        }
    }

    public ReadOnlySpan<ElfSection> All => _table;

    /// <summary>Reads the table as far as the file has it; <paramref name="cut"/> when something of it is missing.</summary>
    public static ElfSections Read(
        FileBytes file, in ElfHeader header, ElfEncoding encoding, ParseLimits limits, FaultLog faults, out bool cut)
    {
        int size = ElfSection.SizeOf(encoding);
        cut = false;
        if (header.SectionOffset == 0)
        {
            return new ElfSections(file, encoding, limits, faults, [], 0);
        }

        if (header.SectionSize < size || !TryReadOne(file, header, encoding, 0, out var first))
        {
            // A file without sections may leave a stale offset behind; one that claims to have some has been cut.
            cut = header.SectionCount != 0;
            if (cut)
            {
                faults.Add(new ParseFault(MalformedReason.Truncated, file.Length), "section headers");
            }

            return new ElfSections(file, encoding, limits, faults, [], 0);
        }

        ulong claimed = header.SectionCount == 0 ? first.Size : header.SectionCount;
        ulong present = ((ulong)file.Length - header.SectionOffset) / header.SectionSize;
        ulong count = Math.Min(Math.Min(claimed, present), (ulong)limits.Sections);
        if (count < claimed)
        {
            cut = true;
            var reason = present < claimed ? MalformedReason.Truncated : MalformedReason.CountOverLimit;
            faults.Add(new ParseFault(reason, (long)header.SectionOffset), "section headers");
        }

        var table = new ElfSection[count];
        for (int i = 0; i < table.Length && TryReadOne(file, header, encoding, i, out var section); i++)
        {
            table[i] = section;
        }

        uint names = header.NameSection == ElfConstants.SectionIndexExtended ? first.Link : header.NameSection;
        return new ElfSections(file, encoding, limits, faults, table, names);
    }

    /// <summary>Index of the first section of that name with bytes in the file, -1 without one.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _table.Length; i++)
        {
            if (_table[i].HasBytes && HasName(i, name))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>As by name above, also for sections without bytes.</summary>
    public int FindHeader(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _table.Length; i++)
        {
            if (_table[i].Type != ElfSectionType.Null && HasName(i, name))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Index of the first section of a type with bytes in the file, -1 without one.</summary>
    public int Find(ElfSectionType type)
    {
        for (int i = 0; i < _table.Length; i++)
        {
            if (_table[i].Type == type && _table[i].HasBytes)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>
    /// The bytes of a section, inflated when it is compressed, cut at the end of the file. On failure the fault tells
    /// why: <see cref="MalformedReason.SizeOverLimit"/> when it is too large, other reasons when it is corrupt.
    /// </summary>
    public bool TryRead(int index, out Section section, out ParseFault fault)
    {
        ref readonly var header = ref _table[index];
        section = default;
        ulong left = header.Offset <= (ulong)_file.Length ? (ulong)_file.Length - header.Offset : 0;
        if (!header.HasBytes || !_file.All.TrySlice(header.Offset, Math.Min(header.Size, left), out var range))
        {
            fault = new ParseFault(MalformedReason.OutOfRange, _file.Length);
            return false;
        }

        section = new Section(_file, range, header.Address);
        fault = default;
        if (!TryGetCompression(index, section, out var kind, out ulong declared, out int headerSize))
        {
            return true;
        }

        lock (_lock)
        {
            if (!_inflated.TryGetValue(index, out var inflated))
            {
                inflated = Inflate(section, kind, declared, headerSize);
                _inflated.Add(index, inflated);
            }

            fault = inflated.Fault;
            section = inflated.Bytes is null ? default : new Section(inflated.Bytes, inflated.Bytes.All, header.Address);
            return inflated.Bytes is not null;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var inflated in _inflated.Values)
            {
                inflated.Bytes?.Dispose();
            }

            _inflated.Clear();
        }
    }

    private static bool TryReadOne(FileBytes file, in ElfHeader header, ElfEncoding encoding, int index, out ElfSection section)
    {
        section = default;
        if (!file.All.TrySlice(header.SectionOffset, (ulong)index * header.SectionSize, out var before)
            || !file.All.TrySlice((ulong)before.End, (ulong)ElfSection.SizeOf(encoding), out var range)
            || !file.TrySlice(range, out var window))
        {
            return false;
        }

        var reader = new ByteReader(window, encoding.BigEndian, range.Offset);
        section = ElfSection.Read(ref reader, encoding);
        return true;
    }

    private bool HasName(int index, ReadOnlySpan<byte> name) =>
        _names.TryWindow(_table[index].Name, (ulong)name.Length + 1, out var text)
        && text[name.Length] == 0 && text[..name.Length].SequenceEqual(name);

    private bool StartsWith(int index, ReadOnlySpan<byte> prefix) =>
        _names.TryWindow(_table[index].Name, (ulong)prefix.Length, out var text) && text.SequenceEqual(prefix);

    private bool TryGetCompression(int index, Section section, out CompressionKind kind, out ulong declared, out int headerSize)
    {
        kind = CompressionKind.Zlib;
        declared = 0;
        headerSize = 0;
        bool flagged = (_table[index].Flags & ElfSectionFlags.Compressed) != 0;
        section.TryWindow(0, (ulong)Math.Min(section.Length, GnuHeaderSize + 2), out var start);

        // The GNU form was used under every name and flag by one tool or another. Text that begins with the same
        // letters cannot be mistaken for it: a plausible size has zeros at its start.
        bool isGnu = start.Length == GnuHeaderSize + 2 && start.StartsWith("ZLIB"u8)
            && BinaryPrimitives.ReadUInt64BigEndian(start[4..]) < 1UL << 40
            && BinaryPrimitives.ReadUInt16BigEndian(start[GnuHeaderSize..]) % 31 == 0;
        if (isGnu && (flagged || StartsWith(index, ".debug_"u8) || StartsWith(index, ".zdebug_"u8)))
        {
            declared = BinaryPrimitives.ReadUInt64BigEndian(start[4..]);
            headerSize = GnuHeaderSize;
            return true;
        }

        if (flagged)
        {
            headerSize = ElfCompressionHeader.SizeOf(_encoding);
            var reader = section.ReaderAt(0, _encoding.BigEndian);
            var header = ElfCompressionHeader.Read(ref reader, _encoding);
            declared = header.Size;
            kind = header.Kind switch
            {
                ElfConstants.CompressedZlib => CompressionKind.Zlib,
                ElfConstants.CompressedZstd => CompressionKind.Zstd,
                _ => CompressionKind.None,
            };
            return true;
        }

        kind = CompressionKind.None;
        return StartsWith(index, ".zdebug_"u8);
    }

    private Inflated Inflate(Section section, CompressionKind kind, ulong declared, int headerSize)
    {
        FileBytes? bytes = null;
        var reason = kind == CompressionKind.None ? MalformedReason.Unsupported : MalformedReason.BadCompression;
        var fault = new ParseFault(reason, section.Range.Offset);
        if (kind != CompressionKind.None && section.Range.TrySlice((ulong)headerSize, (ulong)Math.Max(0, section.Length - headerSize), out var range))
        {
            if (declared > (ulong)Math.Max(0, _inflatableBytes))
            {
                fault = fault with { Reason = MalformedReason.SizeOverLimit };
            }
            else
            {
                _inflatableBytes -= (long)declared;
                fault = BoundedInflater.TryInflate(kind, section with { Range = range }, declared, _limits, out bytes);
            }
        }

        if (bytes is null)
        {
            _faults.Add(fault, "compressed section");
        }

        return new Inflated(bytes, fault);
    }

    private readonly record struct Inflated(FileBytes? Bytes, ParseFault Fault);
}
