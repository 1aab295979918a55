using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Sources.Layouts;

/// <summary>Names and ids of an object in the spellings that paths are made of. Null where the object has none that is safe.</summary>
internal readonly ref struct ObjectNames(ObjectQuery query)
{
    private const int MaxNameBytes = 255;

    /// <summary>Base name of the code file.</summary>
    public string? CodeFile { get; } = FileName(query.CodeFile);

    /// <summary>Base name of the debug file.</summary>
    public string? DebugFile { get; } = FileName(query.DebugFile);

    public ObjectType ObjectType { get; } = query.ObjectType;

    /// <summary>The code id in lower-case hex.</summary>
    public string? CodeId { get; } = query.CodeId?.Hex;

    public DebugId? DebugId { get; } = query.DebugId;

    /// <summary>PE timestamp in upper case, image size in lower case.</summary>
    public string? PeId => CodeId is { } id ? string.Concat(id[..Math.Min(8, id.Length)].ToUpperInvariant(), id.AsSpan(Math.Min(8, id.Length))) : null;

    /// <summary>UUID of a Mach-O: the code id, or the debug id's when there is no code id. 32 lower-case digits.</summary>
    public string? MachUuid => CodeId is { } id ? (id.Length == 32 ? id : null) : DebugId?.UuidHex();

    /// <summary>The code id, or the UUID of the debug id.</summary>
    public string? CodeIdOrUuid => CodeId ?? DebugId?.UuidHex();

    /// <summary>Breakpad form of the debug id; portable PDBs of .NET modules have all ones for the age.</summary>
    public string? PortablePdbId => DebugId is not { } id ? null
        : ObjectType == ObjectType.PeDotnet ? (id with { Age = uint.MaxValue }).ToBreakpad() : id.ToBreakpad();

    /// <summary>The name of the debug file without a <c>.pdb</c> suffix.</summary>
    public string? DebugFileStem => DebugFile is { } name && name.EndsWith(".pdb", StringComparison.Ordinal) ? name[..^4] : DebugFile;

    /// <summary>Last component of a path of any platform; null when it cannot stand in a path.</summary>
    internal static string? FileName(string? path)
    {
        if (path is null)
        {
            return null;
        }

        string name = path[(path.AsSpan().LastIndexOfAny('/', '\\') + 1)..];
        if (name is "" or "." or ".." || name.Length > MaxNameBytes || System.Text.Encoding.UTF8.GetByteCount(name) > MaxNameBytes)
        {
            return null;
        }

        foreach (char c in name)
        {
            if (char.IsControl(c))
            {
                return null;
            }
        }

        return name;
    }
}
