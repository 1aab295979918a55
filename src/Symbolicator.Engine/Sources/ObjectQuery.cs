using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Sources;

/// <summary>Type of a module on the wire; decides which file types are searched.</summary>
public enum ObjectType : byte
{
    Unknown,
    Elf,
    MachO,
    Pe,
    PeDotnet,
    Wasm,
}

/// <summary>Names of module types on the wire.</summary>
public static class ObjectTypeNames
{
    private static readonly string[] Names = ["unknown", "elf", "macho", "pe", "pe_dotnet", "wasm"];

    public static string Name(this ObjectType type) => Names[(int)type];

    /// <summary>The type of a name; unknown for anything else.</summary>
    public static ObjectType Parse(string? name) => (ObjectType)Math.Max(Array.IndexOf(Names, name), 0);
}

/// <summary>What is known of a module and which file of it is wanted. Names are as the client or dump gave them.</summary>
public sealed record ObjectQuery(
    ObjectType ObjectType,
    FileType FileType,
    CodeId? CodeId,
    string? CodeFile,
    DebugId? DebugId,
    string? DebugFile,
    string? DebugChecksum = null);
