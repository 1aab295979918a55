using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>The module list stream. Damage to a name or a CodeView record costs that field only.</summary>
internal static class ModuleList
{
    private const int EntrySize = 108; // MINIDUMP_MODULE

    /// <summary>Modules by address, without overlaps.</summary>
    public static List<MinidumpModule> Read(ref ByteReader reader, MinidumpSource source, MinidumpOs os)
    {
        int count = StreamList.ReadCount(ref reader, EntrySize, source.Limits.Modules);
        var modules = new List<MinidumpModule>(count);
        for (int i = 0; i < count; i++)
        {
            long at = reader.FileOffset;
            ulong address = reader.ReadU64();
            uint size = reader.ReadU32();
            reader.Skip(4); // CheckSum
            uint timestamp = reader.ReadU32();
            uint nameRva = reader.ReadU32();
            string? version = ReadVersion(ref reader);
            var codeView = Location.Read(ref reader);
            reader.Skip(Location.Bytes + 8 + 8); // MiscRecord, Reserved0, Reserved1
            if (size == 0 || address > ulong.MaxValue - (size - 1))
            {
                source.Faults.Add(new ParseFault(MalformedReason.OutOfRange, at), "module range");
                continue;
            }

            string? name = source.ReadUtf16(nameRva, "module name");
            var record = CodeViewRecord.Read(codeView, source);
            modules.Add(new MinidumpModule
            {
                ListIndex = i,
                FileOffset = at,
                Address = address,
                Size = size,
                CodeFile = name,
                CodeId = GetCodeId(record, os, timestamp, size),
                DebugId = GetDebugId(record, os),
                DebugFile = record.Kind == CodeViewKind.ElfBuildId ? name : record.Name,
                Version = version,
                Timestamp = timestamp,
            });
        }

        return RemoveOverlaps(modules, source.Faults);
    }

    private static CodeId? GetCodeId(in CodeViewRecord record, MinidumpOs os, uint timestamp, uint size)
    {
        switch (record.Kind)
        {
            case CodeViewKind.ElfBuildId:
                return record.BuildId;
            case CodeViewKind.Pdb70 when os is MinidumpOs.MacOS or MinidumpOs.Ios:
                return CodeId.Parse(record.DebugId?.UuidHex());
            case CodeViewKind.None when os != MinidumpOs.Windows:
                return null;
            default:
                // Old Breakpad wrote RSDS records for ELF files, with no timestamp: zeros would identify nothing.
                return timestamp == 0 && os != MinidumpOs.Windows ? null : CodeId.FromPe(timestamp, size);
        }
    }

    private static DebugId? GetDebugId(in CodeViewRecord record, MinidumpOs os) =>
        os is MinidumpOs.MacOS or MinidumpOs.Ios && record.DebugId is { } id ? id with { Age = 0 } : record.DebugId;

    private static string? ReadVersion(ref ByteReader reader)
    {
        uint signature = reader.ReadU32();
        reader.Skip(4); // dwStrucVersion
        uint high = reader.ReadU32();
        uint low = reader.ReadU32();
        reader.Skip(9 * 4);
        return signature == MinidumpConstants.FixedFileInfoSignature
            ? $"{high >> 16}.{high & 0xffff}.{low >> 16}.{low & 0xffff}"
            : null;
    }

    /// <summary>Keeps the first by address; of several at one address the first listed.</summary>
    private static List<MinidumpModule> RemoveOverlaps(List<MinidumpModule> modules, FaultLog faults)
    {
        modules.Sort(static (a, b) =>
            a.Address != b.Address ? a.Address.CompareTo(b.Address) : a.ListIndex.CompareTo(b.ListIndex));

        var kept = new List<MinidumpModule>(modules.Count);
        foreach (var module in modules)
        {
            if (kept.Count > 0 && module.Address <= kept[^1].LastAddress)
            {
                faults.Add(new ParseFault(MalformedReason.BadValue, module.FileOffset), "overlapping module");
                continue;
            }

            kept.Add(module);
        }

        return kept;
    }
}
