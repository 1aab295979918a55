using System.Text.Json.Serialization;

namespace Symbolicator.Cli.Output;

/// <summary>One object of a file.</summary>
internal sealed record ObjectRow(
    string Format, string Kind, string Arch, string? DebugId, string? CodeId, string LoadAddress, string? Name,
    bool HasSymbols, bool HasDebugInfo, bool HasUnwindInfo, bool HasSources, bool IsMalformed)
{
    /// <summary>What was skipped, as far as the headers tell.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Faults { get; init; }
}

/// <summary>A symbol of the symbol table; the size is in bytes, absent when unknown.</summary>
internal sealed record SymbolRow(
    string Addr, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Size, string Name);

/// <summary>A name, what it demangles to, and its language.</summary>
internal sealed record DemangledRow(string Name, string Demangled, string Lang);
