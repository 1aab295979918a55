using System.Text;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe;

/// <summary>What the debug directory says of the debug information.</summary>
/// <param name="DebugId">Identity of the PDB, null without one.</param>
/// <param name="PdbPath">The PDB as its producer named it, often an absolute path of another machine; null when empty.</param>
/// <param name="EmbeddedPortablePdb">The record of the embedded Portable PDB, absent without one.</param>
internal sealed record PeDebugDirectory(DebugId? DebugId, string? PdbPath, Section EmbeddedPortablePdb)
{
    public static PeDebugDirectory Read(PeImage image, ParseLimits limits, FaultLog faults)
    {
        var best = default(CodeView);
        var embedded = default(Section);
        var directory = image.Directory(PeDirectory.Debug);
        var reader = directory.ReaderAt(0, bigEndian: false);
        while (reader.Remaining >= PeDebugEntry.Size)
        {
            var entry = PeDebugEntry.Read(ref reader);
            if (entry.Type == PeDebugType.CodeView)
            {
                var found = ReadCodeView(image, entry, faults);

                // An image compiled ahead of time has an entry for its managed and one for its native PDB.
                best = found.Kind > best.Kind ? found : best;
            }
            else if (entry.Type == PeDebugType.EmbeddedPortablePdb && embedded.IsEmpty)
            {
                embedded = AtOffset(image, entry);
            }
        }

        return new PeDebugDirectory(best.DebugId, ReadPath(best.Path, limits), embedded);
    }

    /// <summary>
    /// The record by its offset in the file, then by its address: tools that rewrite images leave either of them stale.
    /// </summary>
    private static CodeView ReadCodeView(PeImage image, in PeDebugEntry entry, FaultLog faults)
    {
        var record = ReadCodeView(AtOffset(image, entry), entry);
        if (record.Kind == CodeViewKind.None && entry.DataRva != 0)
        {
            record = ReadCodeView(image.Slice(entry.DataRva, entry.DataSize), entry);
        }

        if (record.Kind == CodeViewKind.None)
        {
            faults.Add(new ParseFault(MalformedReason.BadMagic, entry.DataOffset), "CodeView record");
        }

        return record;
    }

    private static CodeView ReadCodeView(Section data, in PeDebugEntry entry)
    {
        var reader = data.ReaderAt(0, bigEndian: false);
        switch (reader.ReadU32())
        {
            case PeConstants.CodeViewPdb70:
                var guid = reader.ReadBytes(16);
                uint age = reader.ReadU32();
                if (!reader.Fault.IsNone)
                {
                    return default;
                }

                // The id of a Portable PDB goes on with a stamp, which the entry repeats; the age is always 1.
                bool isPortable = entry.MinorVersion == PeConstants.PortablePdbMarker;
                var id = Model.DebugId.FromGuid(guid, isPortable ? entry.Timestamp : age);
                return new CodeView(isPortable ? CodeViewKind.Portable : CodeViewKind.Pdb70, id.IsNil ? null : id, Rest(data, reader));

            case PeConstants.CodeViewPdb20:
                reader.Skip(4); // offset, always 0
                uint timestamp = reader.ReadU32();
                uint age20 = reader.ReadU32();
                if (!reader.Fault.IsNone)
                {
                    return default;
                }

                var id20 = new DebugId((ulong)timestamp << 32, 0, age20);
                return new CodeView(CodeViewKind.Pdb20, id20.IsNil ? null : id20, Rest(data, reader));

            default:
                return default;
        }
    }

    /// <summary>Up to a NUL or, where producers forgot it, to the end of the record.</summary>
    private static string? ReadPath(Section text, ParseLimits limits)
    {
        var path = text.From(0);
        path = path[..Math.Min(path.Length, limits.StringBytes)];
        int end = path.IndexOf((byte)0);
        path = end < 0 ? path : path[..end];
        return path.IsEmpty ? null : Encoding.UTF8.GetString(path);
    }

    /// <summary>Where the path is: read for the best record alone, as there can be as many as the file has room for.</summary>
    private static Section Rest(Section data, in ByteReader reader) =>
        data.Range.TrySlice((ulong)reader.Position, (ulong)reader.Remaining, out var range) ? data with { Range = range } : default;

    private static Section AtOffset(PeImage image, in PeDebugEntry entry) =>
        entry.DataOffset != 0 && image.File.All.TrySlice(entry.DataOffset, entry.DataSize, out var range)
            ? new Section(image.File, range)
            : default;

    /// <summary>In ascending order of preference.</summary>
    private enum CodeViewKind : byte
    {
        None,
        Pdb20,
        Pdb70,
        Portable,
    }

    private readonly record struct CodeView(CodeViewKind Kind, DebugId? DebugId, Section Path);
}
