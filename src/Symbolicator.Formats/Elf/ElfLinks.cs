using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>Sections by which an object names the files that complete it. A damaged link is logged and left out.</summary>
internal static class ElfLinks
{
    /// <summary>Longest link section that is read; a path and a build id fit many times.</summary>
    private const int MaximumBytes = 64 << 10;

    public static IReadOnlyList<ObjectLink> Read(ElfSections sections, ElfEncoding encoding, FaultLog faults)
    {
        var links = new List<ObjectLink>();
        if (TryOpen(sections, ".gnu_debuglink"u8, encoding, out var reader) && ReadDebugLink(ref reader, faults) is { } debug)
        {
            links.Add(debug);
        }

        if (TryOpen(sections, ".gnu_debugaltlink"u8, encoding, out reader) && ReadAlternate(ref reader, faults) is { } alternate)
        {
            links.Add(alternate);
        }

        if (TryOpen(sections, ".debug_sup"u8, encoding, out reader) && ReadSupplementary(ref reader, faults) is { } supplementary)
        {
            links.Add(supplementary);
        }

        return links;
    }

    /// <summary>File name, NUL, padding to four bytes, CRC-32 of the file in the byte order of the object.</summary>
    private static ObjectLink? ReadDebugLink(ref ByteReader reader, FaultLog faults)
    {
        if (!TryReadName(ref reader, faults, out string name))
        {
            return null;
        }

        reader.AlignTo(4);
        uint crc = reader.ReadU32();
        if (!reader.Fault.IsNone)
        {
            faults.Add(reader.Fault, "checksum of .gnu_debuglink");
            return null;
        }

        return new ObjectLink(ObjectLinkKind.DebugLink, name, crc, Id: null);
    }

    /// <summary>File name, NUL, build id up to the end of the section.</summary>
    private static ObjectLink? ReadAlternate(ref ByteReader reader, FaultLog faults)
    {
        if (!TryReadName(ref reader, faults, out string name))
        {
            return null;
        }

        var id = reader.ReadBytes((ulong)Math.Min(reader.Remaining, ElfNotes.MaximumBuildId));
        return new ObjectLink(ObjectLinkKind.Supplementary, name, Crc32: null, CodeId.FromBytes(id));
    }

    /// <summary>DWARF5 §7.3.6: version, whether this is the supplement itself, file name, checksum.</summary>
    private static ObjectLink? ReadSupplementary(ref ByteReader reader, FaultLog faults)
    {
        ushort version = reader.ReadU16();
        bool isSupplement = reader.ReadU8() != 0;
        if (isSupplement)
        {
            return null;
        }

        if (version is < 2 or > 5 && reader.Fault.IsNone)
        {
            reader.Fail(MalformedReason.BadVersion);
        }

        if (!TryReadName(ref reader, faults, out string name))
        {
            return null;
        }

        var id = reader.ReadBytes(Math.Min(reader.ReadUleb128(), ElfNotes.MaximumBuildId));
        if (!reader.Fault.IsNone)
        {
            faults.Add(reader.Fault, "checksum of .debug_sup");
            return null;
        }

        return new ObjectLink(ObjectLinkKind.Supplementary, name, Crc32: null, CodeId.FromBytes(id));
    }

    private static bool TryReadName(ref ByteReader reader, FaultLog faults, out string name)
    {
        long start = reader.FileOffset;
        var text = reader.ReadCString();
        name = Encoding.UTF8.GetString(text);
        var fault = reader.Fault;
        if (fault.IsNone && text.IsEmpty)
        {
            fault = new ParseFault(MalformedReason.BadValue, start);
        }

        if (fault.IsNone)
        {
            return true;
        }

        faults.Add(fault, "file name of a link");
        return false;
    }

    private static bool TryOpen(ElfSections sections, ReadOnlySpan<byte> name, ElfEncoding encoding, out ByteReader reader)
    {
        int index = sections.Find(name);
        if (index < 0 || !sections.TryRead(index, out var section, out _))
        {
            reader = default;
            return false;
        }

        section.TryWindow(0, (ulong)Math.Min(section.Length, MaximumBytes), out var window);
        reader = new ByteReader(window, encoding.BigEndian, section.Range.Offset);
        return true;
    }
}
