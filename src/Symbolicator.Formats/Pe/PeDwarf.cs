using System.Buffers.Binary;
using System.Text;
using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Dwarf;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe;

/// <summary>
/// Hands the DWARF sections that MinGW, Go and others leave in an image over to the DWARF readers. Owns what it inflates.
/// </summary>
internal sealed class PeDwarf(PeImage image, ParseLimits limits) : IDisposable
{
    private const int CompressedHeaderSize = 12; // "ZLIB" and the size, big-endian

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Inflated> _inflated = [];

    private int AddressSize => image.Optional.Is64 ? 8 : 4;

    public bool HasDebugInfo => !image.FindBytes(".debug_info"u8).IsEmpty || !image.FindBytes(".zdebug_info"u8).IsEmpty;

    public bool HasFrames => !image.FindBytes(".eh_frame"u8).IsEmpty || !image.FindBytes(".debug_frame"u8).IsEmpty
        || !image.FindBytes(".zdebug_frame"u8).IsEmpty;

    /// <summary>Null without <c>.debug_info</c>.</summary>
    /// <exception cref="MalformedFileException">A section cannot be decompressed.</exception>
    public DwarfSections? DebugSections()
    {
        var info = Find("info");
        if (info.IsEmpty)
        {
            return null;
        }

        var code = new List<AddressRange>(image.Code.Count);
        foreach (var range in image.Code)
        {
            code.Add(new AddressRange(Absolute(range.Start), Absolute(range.End)));
        }

        return new DwarfSections
        {
            BigEndian = false,
            AddressSize = AddressSize,
            ImageBase = image.ImageBase,
            Code = code,
            Info = info,
            Types = Find("types"),
            Abbrev = Find("abbrev"),
            Line = Find("line"),
            LineStr = Find("line_str"),
            Str = Find("str"),
            StrOffsets = Find("str_offsets"),
            Addr = Find("addr"),
            Ranges = Find("ranges"),
            RngLists = Find("rnglists"),
        };
    }

    /// <summary>Null when there is no call frame information. A section that cannot be decompressed counts as absent.</summary>
    public DwarfFrameSections? FrameSections()
    {
        var debugFrame = TryFind("frame", out var found, out _) ? found : default;
        var ehFrame = Loaded(".eh_frame"u8);
        if (debugFrame.IsEmpty && ehFrame.IsEmpty)
        {
            return null;
        }

        var code = new List<Section>();
        foreach (ref readonly var section in image.Sections)
        {
            if (section.IsCode && !section.Mapped.IsEmpty)
            {
                code.Add(new Section(image.File, section.Mapped, Absolute(section.Start)));
            }
        }

        return new DwarfFrameSections
        {
            BigEndian = false,
            Cpu = PeArch.Of(image.Machine).Family(),
            AddressSize = AddressSize,
            ImageBase = image.ImageBase,
            DebugFrame = debugFrame,
            EhFrame = ehFrame,
            TextAddress = Loaded(".text"u8).Address,
            Code = code,
        };
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

    private ulong Absolute(ulong rva) => unchecked(image.ImageBase + rva);

    private Section Loaded(ReadOnlySpan<byte> name)
    {
        var section = image.FindBytes(name);
        return section with { Address = Absolute(section.Address) };
    }

    /// <summary>A section over the limits counts as absent: that is no damage of the file.</summary>
    private Section Find(string name) =>
        TryFind(name, out var section, out var fault) || fault.Reason == MalformedReason.SizeOverLimit
            ? section
            : throw new MalformedFileException(FileFormat.Pe, fault, name);

    /// <summary>True also when there is no such section; false when it cannot be decompressed.</summary>
    private bool TryFind(string name, out Section section, out ParseFault fault)
    {
        fault = default;
        section = Loaded(Encoding.ASCII.GetBytes(".debug_" + name));
        var packed = section.IsEmpty ? image.FindBytes(Encoding.ASCII.GetBytes(".zdebug_" + name)) : default;
        if (packed.IsEmpty)
        {
            return true;
        }

        lock (_lock)
        {
            if (!_inflated.TryGetValue(name, out var inflated))
            {
                inflated = Inflate(packed);
                _inflated.Add(name, inflated);
            }

            fault = inflated.Fault;
            section = inflated.Bytes is null ? default : new Section(inflated.Bytes, inflated.Bytes.All);
            return inflated.Bytes is not null;
        }
    }

    private Inflated Inflate(Section packed)
    {
        if (!packed.TryWindow(0, CompressedHeaderSize, out var header) || !header.StartsWith("ZLIB"u8))
        {
            return new Inflated(null, new ParseFault(MalformedReason.BadCompression, packed.Range.Offset));
        }

        packed.Range.TrySlice(CompressedHeaderSize, (ulong)packed.Length - CompressedHeaderSize, out var data);
        ulong declared = BinaryPrimitives.ReadUInt64BigEndian(header[4..]);
        var fault = BoundedInflater.TryInflate(CompressionKind.Zlib, packed with { Range = data }, declared, limits, out var bytes);
        return new Inflated(bytes, fault);
    }

    private readonly record struct Inflated(FileBytes? Bytes, ParseFault Fault);
}
