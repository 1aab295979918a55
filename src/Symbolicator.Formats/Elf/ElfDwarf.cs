using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>Hands the debug and unwind sections of an image over to the DWARF readers.</summary>
internal sealed class ElfDwarf(
    ElfSections sections, ElfCode code, ElfEncoding encoding, ElfType type, CpuFamily cpu, ulong imageBase)
{
    /// <summary>Null when there is no <c>.debug_info</c> that can be read within the limits.</summary>
    /// <exception cref="MalformedFileException">A section cannot be decompressed.</exception>
    public DwarfSections? DebugSections()
    {
        var info = Debug(".debug_info"u8, ".zdebug_info"u8);
        if (info.IsEmpty)
        {
            return null;
        }

        bool isRelocatable = type == ElfType.Relocatable;
        return new DwarfSections
        {
            BigEndian = encoding.BigEndian,
            AddressSize = encoding.AddressSize,
            ImageBase = imageBase,
            ZeroIsValid = isRelocatable,
            Code = isRelocatable ? [] : code.Ranges, // sections of relocatable objects all start at 0
            Info = info,
            Types = Debug(".debug_types"u8, ".zdebug_types"u8),
            Abbrev = Debug(".debug_abbrev"u8, ".zdebug_abbrev"u8),
            Line = Debug(".debug_line"u8, ".zdebug_line"u8),
            LineStr = Debug(".debug_line_str"u8, ".zdebug_line_str"u8),
            Str = Debug(".debug_str"u8, ".zdebug_str"u8),
            StrOffsets = Debug(".debug_str_offsets"u8, ".zdebug_str_offsets"u8),
            Addr = Debug(".debug_addr"u8, ".zdebug_addr"u8),
            Ranges = Debug(".debug_ranges"u8, ".zdebug_ranges"u8),
            RngLists = Debug(".debug_rnglists"u8, ".zdebug_rnglists"u8),
        };
    }

    /// <summary>Null when there is no call frame information. A section that cannot be decompressed counts as absent.</summary>
    public DwarfFrameSections? FrameSections()
    {
        var debugFrame = TryFind(".debug_frame"u8, ".zdebug_frame"u8, out var found, out _) ? found : default;
        var ehFrame = Plain(".eh_frame"u8);
        if (debugFrame.IsEmpty && ehFrame.IsEmpty)
        {
            return null;
        }

        return new DwarfFrameSections
        {
            BigEndian = encoding.BigEndian,
            Cpu = cpu,
            AddressSize = encoding.AddressSize,
            ImageBase = imageBase,
            DebugFrame = debugFrame,
            EhFrame = ehFrame,
            EhFrameHeader = Plain(".eh_frame_hdr"u8),
            TextAddress = AddressOf(".text"u8),
            GotAddress = AddressOf(".got"u8),
            Code = CodeSections(),
        };
    }

    /// <summary>Executable sections that lie in the file.</summary>
    public List<Section> CodeSections()
    {
        var found = new List<Section>();
        for (int i = 0; i < sections.All.Length; i++)
        {
            ref readonly var header = ref sections.All[i];
            if (header.IsCode && header.HasBytes && (header.Flags & ElfSectionFlags.Compressed) == 0
                && sections.TryRead(i, out var section, out _))
            {
                found.Add(section);
            }
        }

        return found;
    }

    private Section Debug(ReadOnlySpan<byte> name, ReadOnlySpan<byte> compressedName)
    {
        if (TryFind(name, compressedName, out var section, out var fault) || fault.Reason == MalformedReason.SizeOverLimit)
        {
            return section;
        }

        throw new MalformedFileException(FileFormat.Elf, fault, System.Text.Encoding.ASCII.GetString(name));
    }

    private Section Plain(ReadOnlySpan<byte> name) => TryFind(name, default, out var section, out _) ? section : default;

    /// <summary>True also when there is no such section; false when it cannot be read.</summary>
    private bool TryFind(ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherName, out Section section, out ParseFault fault)
    {
        int index = sections.Find(name);
        if (index < 0 && !otherName.IsEmpty)
        {
            index = sections.Find(otherName);
        }

        section = default;
        fault = default;
        return index < 0 || sections.TryRead(index, out section, out fault);
    }

    private ulong AddressOf(ReadOnlySpan<byte> name)
    {
        int index = sections.FindHeader(name);
        return index < 0 ? 0 : sections.All[index].Address;
    }
}
