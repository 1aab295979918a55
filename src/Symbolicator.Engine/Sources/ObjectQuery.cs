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

/// <summary>What is known of a module and which file of it is wanted. Names are as the client or dump gave them.</summary>
public sealed record ObjectQuery(
    ObjectType ObjectType,
    FileType FileType,
    CodeId? CodeId,
    string? CodeFile,
    DebugId? DebugId,
    string? DebugFile,
    string? DebugChecksum = null);
