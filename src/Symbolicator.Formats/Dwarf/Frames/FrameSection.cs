using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>Reads the entries of one <c>.debug_frame</c> or <c>.eh_frame</c> (DWARF5 §6.4.1, LSB Core §10.6).</summary>
internal sealed class FrameSection
{
    /// <summary>Letters of an augmentation; there are eight to choose from. A common entry is read for each function.</summary>
    private const int MaxAugmentation = 32;

    private readonly DwarfFrameSections _sections;
    private readonly bool _isEh;

    public FrameSection(DwarfFrameSections sections, bool isEh, ParseLimits limits, FaultLog faults)
    {
        _sections = sections;
        _isEh = isEh;
        Section = isEh ? sections.EhFrame : sections.DebugFrame;
        Index = FrameIndex.Build(ReadAll(limits, faults));
    }

    public Section Section { get; }

    public bool BigEndian => _sections.BigEndian;

    /// <summary>Name for faults.</summary>
    public string Name => _isEh ? ".eh_frame" : ".debug_frame";

    public FrameIndex Index { get; }

    /// <summary>.eh_frame of Mach-O for i386 numbers esp 5 and ebp 4.</summary>
    public bool SwapsEspAndEbp => _isEh && _sections.SwapsEspAndEbp && _sections.Cpu == CpuFamily.X86;

    /// <summary>Cursor over instructions or an expression.</summary>
    public ByteReader ReaderOver(ulong offset, ulong length)
    {
        return Section.TryWindow(offset, length, out var window)
            ? new ByteReader(window, BigEndian, Section.Range.Offset + (long)offset)
            : default;
    }

    /// <summary>Bases for pointers of one entry.</summary>
    public PointerBases BasesFor(in CommonEntry common, ulong function) =>
        new(common.AddressSize, _sections.TextAddress, _sections.GotAddress, function);

    /// <summary>Reads the entry at an offset again; the index only keeps addresses.</summary>
    public bool TryReadFunction(ulong offset, out FunctionEntry entry, out ParseFault fault)
    {
        entry = default;
        var header = ReadHeader(offset, out fault);
        var common = default(CommonEntry);
        return fault.IsNone && header.Kind == EntryKind.Function
            && TryReadCommon(header.Common, out common, out fault) && TryReadFunction(header, common, out entry, out fault);
    }

    /// <summary>The addresses of all functions. Faulty entries are skipped; without a length the rest cannot be found.</summary>
    private List<FrameIndex.Entry> ReadAll(ParseLimits limits, FaultLog faults)
    {
        var found = new List<FrameIndex.Entry>();
        var common = default(CommonEntry);
        bool hasCommon = false;
        ulong end;
        for (ulong offset = 0; offset < (ulong)Section.Length; offset = end)
        {
            var header = ReadHeader(offset, out var fault);
            end = header.End;
            if (!fault.IsNone)
            {
                faults.Add(fault, Name);
                break;
            }

            if (header.Kind != EntryKind.Function)
            {
                continue;
            }

            // Neighbours share their common entry.
            if (!hasCommon || common.Offset != header.Common)
            {
                hasCommon = TryReadCommon(header.Common, out common, out fault);
            }

            if (!hasCommon || !TryReadFunction(header, common, out var entry, out fault))
            {
                faults.Add(fault, Name);
                continue;
            }

            if (TryPlace(entry, offset, out var place))
            {
                if (found.Count >= limits.UnwindEntries)
                {
                    faults.Add(new ParseFault(MalformedReason.CountOverLimit, Section.Range.Offset + (long)offset), Name);
                    break;
                }

                found.Add(place);
            }
        }

        return found;
    }

    /// <summary>False for functions that the linker dropped: at 0, at the highest addresses, below the image, or empty.</summary>
    private bool TryPlace(in FunctionEntry entry, ulong offset, out FrameIndex.Entry place)
    {
        place = default;
        ulong highest = entry.Common.AddressSize == 8 ? ulong.MaxValue : uint.MaxValue;
        if (entry.Size == 0 || entry.Start == 0 || entry.Start >= highest - 1 || entry.Start < _sections.ImageBase)
        {
            return false;
        }

        ulong end = entry.Size > highest - entry.Start ? highest : entry.Start + entry.Size;
        place = new FrameIndex.Entry(entry.Start - _sections.ImageBase, end - _sections.ImageBase, offset);
        return true;
    }

    /// <summary>Length and identifier of an entry (DWARF5 §7.4, §6.4.1).</summary>
    private EntryHeader ReadHeader(ulong offset, out ParseFault fault)
    {
        var reader = Section.ReaderAt(offset, BigEndian);
        ulong length = reader.ReadU32();
        bool is64 = length == uint.MaxValue;
        if (is64)
        {
            length = reader.ReadU64();
        }

        fault = reader.Fault;
        ulong body = offset + (ulong)reader.Position;
        if (fault.IsNone && length == 0)
        {
            // A terminator; crtend.o puts one in the middle of what linkers append to.
            return new EntryHeader(EntryKind.Terminator, body, body, 0);
        }

        if (fault.IsNone && length > (ulong)Section.Length - body)
        {
            fault = new ParseFault(MalformedReason.Truncated, reader.FileOffset);
        }

        if (!fault.IsNone)
        {
            return default;
        }

        ulong end = body + length;
        int idSize = is64 && !_isEh ? 8 : 4;
        if (length < (ulong)idSize)
        {
            return new EntryHeader(EntryKind.Terminator, end, end, 0);
        }

        ulong id = reader.ReadUnsigned(idSize);
        fault = reader.Fault;
        ulong common = id;
        bool isCommon = _isEh ? id == 0 : id == (idSize == 8 ? ulong.MaxValue : uint.MaxValue);
        if (_isEh)
        {
            // Distance from the field back to the common entry; a wrong one ends up outside of the section.
            common = unchecked(body - id);
        }

        return new EntryHeader(isCommon ? EntryKind.Common : EntryKind.Function, body + (ulong)idSize, end, common);
    }

    private bool TryReadCommon(ulong offset, out CommonEntry common, out ParseFault fault)
    {
        common = default;
        if (offset >= (ulong)Section.Length)
        {
            fault = new ParseFault(MalformedReason.OutOfRange, Section.Range.Offset);
            return false;
        }

        var header = ReadHeader(offset, out fault);
        if (fault.IsNone && header.Kind != EntryKind.Common)
        {
            fault = new ParseFault(MalformedReason.BadValue, Section.Range.Offset + (long)offset);
        }

        if (!fault.IsNone)
        {
            return false;
        }

        var reader = ReaderOver(header.Body, header.End - header.Body);
        byte version = reader.ReadU8();
        if (version is not (1 or 3 or 4))
        {
            reader.Fail(MalformedReason.BadVersion);
        }

        var augmentation = reader.ReadCString(MaxAugmentation);
        int addressSize = _sections.AddressSize;
        int segmentSize = 0;
        if (version == 4)
        {
            addressSize = reader.ReadU8();
            segmentSize = reader.ReadU8();
        }

        if (addressSize is not (4 or 8) || segmentSize > 8)
        {
            reader.Fail(MalformedReason.BadValue);
        }

        if (augmentation.SequenceEqual("eh"u8))
        {
            // GCC 2: a pointer to exception tables.
            reader.Skip((ulong)addressSize);
            augmentation = default;
        }

        common = new CommonEntry
        {
            Offset = offset,
            AddressSize = addressSize,
            SegmentSize = segmentSize,
            CodeAlignment = reader.ReadUleb128(),
            DataAlignment = reader.ReadSleb128(),
            ReturnAddressRegister = version == 1 ? reader.ReadU8() : reader.ReadUleb128(),
            PointerEncoding = EncodedPointer.Absolute,
            HasAugmentationData = !augmentation.IsEmpty,
            IsSignalFrame = false,
            Instructions = default,
        };
        if (!augmentation.IsEmpty)
        {
            ReadAugmentation(ref reader, header.Body, augmentation, ref common);
        }

        fault = reader.Fault;
        common = common with
        {
            Instructions = new InstructionRange(header.Body + (ulong)reader.Position, (ulong)reader.Remaining),
        };
        return fault.IsNone;
    }

    /// <summary>Augmentation data; its length lets us go on behind letters that we do not know.</summary>
    private void ReadAugmentation(ref ByteReader reader, ulong body, ReadOnlySpan<byte> letters, ref CommonEntry common)
    {
        if (letters[0] != (byte)'z')
        {
            reader.Fail(MalformedReason.UnknownForm);
            return;
        }

        ulong length = reader.ReadUleb128();
        ulong end = (ulong)reader.Position + Math.Min(length, (ulong)reader.Remaining);
        if (length > (ulong)reader.Remaining)
        {
            reader.Fail(MalformedReason.Truncated);
        }

        foreach (byte letter in letters[1..])
        {
            switch (letter)
            {
                case (byte)'R':
                    common = common with { PointerEncoding = reader.ReadU8() };
                    continue;
                case (byte)'P':
                    byte encoding = reader.ReadU8();
                    ulong at = unchecked(Section.Address + body + (ulong)reader.Position);
                    EncodedPointer.Read(ref reader, encoding, BasesFor(common, 0), at, skip: true);
                    continue;
                case (byte)'L':
                    reader.ReadU8();
                    continue;
                case (byte)'S':
                    common = common with { IsSignalFrame = true };
                    continue;
                case (byte)'B': // AArch64: signed with the B key
                case (byte)'G': // AArch64: tagged stack
                    continue;
            }

            break;
        }

        if ((ulong)reader.Position > end)
        {
            reader.Fail(MalformedReason.Truncated);
        }

        reader.Seek(end);
    }

    private bool TryReadFunction(in EntryHeader header, in CommonEntry common, out FunctionEntry entry, out ParseFault fault)
    {
        var reader = ReaderOver(header.Body, header.End - header.Body);
        reader.Skip((ulong)common.SegmentSize);
        ulong at = unchecked(Section.Address + header.Body + (ulong)reader.Position);
        ulong start = EncodedPointer.Read(ref reader, common.PointerEncoding, BasesFor(common, 0), at);
        ulong size = EncodedPointer.ReadValue(ref reader, common.PointerEncoding, common.AddressSize);
        if (common.AddressSize != 8)
        {
            size &= uint.MaxValue;
        }

        if (common.HasAugmentationData)
        {
            reader.Skip(reader.ReadUleb128());
        }

        fault = reader.Fault;
        entry = new FunctionEntry
        {
            Common = common,
            Start = start,
            Size = size,
            Instructions = new InstructionRange(header.Body + (ulong)reader.Position, (ulong)reader.Remaining),
        };
        return fault.IsNone;
    }

    private enum EntryKind : byte
    {
        Terminator,
        Common,
        Function,
    }

    /// <param name="Kind">What it is.</param>
    /// <param name="Body">Offset behind the identifier.</param>
    /// <param name="End">Offset of the next entry.</param>
    /// <param name="Common">Offset of its common entry.</param>
    private readonly record struct EntryHeader(EntryKind Kind, ulong Body, ulong End, ulong Common);
}
