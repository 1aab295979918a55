using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Sources.Layouts;

/// <summary>Variants of the symbol server layout.</summary>
internal enum SymstoreFlavor : byte
{
    Symstore,

    /// <summary>With a folder of the first characters of the name.</summary>
    Index2,

    /// <summary>Names in lower case, ages in upper case.</summary>
    Ssqp,
}

/// <summary>Microsoft's symbol server, with the keys that SSQP defines for the other platforms.</summary>
internal static class SymstoreLayout
{
    public static void AddPaths(FileType type, ObjectNames names, SymstoreFlavor flavor, List<string> paths)
    {
        bool ssqp = flavor == SymstoreFlavor.Ssqp;
        var (folder, key, file) = type switch
        {
            FileType.Pe => (names.CodeFile, ssqp ? names.CodeId : names.PeId, names.CodeFile),
            FileType.Pdb => (names.DebugFile, PdbKey(names.DebugId, ssqp), names.DebugFile),
            FileType.PortablePdb => (names.DebugFile, PdbKey(PortablePdbId(names), ssqp), names.DebugFile),
            FileType.ElfCode => (names.CodeFile, Key("elf-buildid-", names.CodeId), names.CodeFile),
            FileType.ElfDebug => ("_.debug", Key("elf-buildid-sym-", names.CodeId), "_.debug"),
            FileType.MachCode => (names.CodeFile, Key("mach-uuid-", names.MachUuid), names.CodeFile),
            FileType.MachDebug => ("_.dwarf", Key("mach-uuid-sym-", names.MachUuid), "_.dwarf"),
            FileType.SourceBundle when names.ObjectType == ObjectType.Pe =>
                (names.DebugFile, PdbKey(names.DebugId, ssqp), names.DebugFileStem + ".src.zip"),
            _ => (null, null, null),
        };

        if (folder is null || key is null || file is null)
        {
            return;
        }

        if (ssqp)
        {
            folder = folder.ToLowerInvariant();
            file = file.ToLowerInvariant();
        }

        if (flavor != SymstoreFlavor.Index2)
        {
            paths.Add($"{folder}/{key}/{file}");
        }
        else if (Prefix(folder) is var prefix && prefix != ".")
        {
            paths.Add($"{prefix}/{folder}/{key}/{file}");
        }
    }

    private static string? Key(string prefix, string? id) => id is null ? null : prefix + id;

    private static DebugId? PortablePdbId(ObjectNames names) =>
        names.DebugId is { } id && names.ObjectType == ObjectType.PeDotnet ? id with { Age = uint.MaxValue } : names.DebugId;

    private static string? PdbKey(DebugId? debugId, bool ssqp) => debugId is not { } id ? null
        : ssqp ? $"{id.UuidHex()}{id.Age:X}" : id.ToBreakpad();

    private static string Prefix(string folder) =>
        folder.Length < 2 || folder[1] is '.' or '/' ? folder[..1] : folder[..2];
}
