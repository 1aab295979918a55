using System.Text.Json.Serialization;

namespace Symbolicator.Cli.Output;

/// <summary>One object of a file.</summary>
internal sealed record ObjectRow(
    string Format, string Kind, string Arch, string? DebugId, string? CodeId, string LoadAddress, string? Name,
    bool HasSymbols, bool HasDebugInfo, bool HasUnwindInfo, bool HasSources, bool IsMalformed)
{
    /// <summary>Why there is less in the file than usual.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Shortcoming { get; init; }

    /// <summary>What was skipped, as far as the headers tell.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Faults { get; init; }
}

/// <summary>A symbol of the symbol table; the size is in bytes, absent when unknown.</summary>
internal sealed record SymbolRow(
    string Addr, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Size, string Name);

/// <summary>A name, what it demangles to, and its language.</summary>
internal sealed record DemangledRow(string Name, string Demangled, string Lang);

/// <summary>A function of the debug information, one record per address range.</summary>
internal sealed record FunctionRow(
    string Addr, ulong Size, string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Lang,
    long InlineesTotal, int MaxDepth);

/// <summary>Frames at an address, innermost first.</summary>
internal sealed record LookupRow(string Addr, IReadOnlyList<FrameRow> Frames);

/// <summary>One frame; line 0 is unknown.</summary>
internal sealed record FrameRow(
    string Function, string Demangled, string? File, uint Line, bool Inline,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Lang);

/// <summary>Unwind rules at an address: call frame information, a Windows frame record, or an error.</summary>
internal sealed record UnwindRow(string Addr)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Start { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Size { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Init { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<UnwindDeltaRow>? Deltas { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WindowsRow? Win { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}

/// <summary>Rules that change at an address.</summary>
internal sealed record UnwindDeltaRow(string Addr, IReadOnlyDictionary<string, string> Rules);

/// <summary>A STACK WIN record.</summary>
internal sealed record WindowsRow(
    int Type, string Start, string Size, uint Prolog, uint Epilog, uint Params, uint SavedRegs, uint Locals, uint MaxStack,
    bool HasProgram, string? Program, bool UsesBp);

/// <summary>Figures of a build; memory is the peak of the process.</summary>
internal sealed record BuildRow(
    long BytesIn, long BytesOut, int Functions, long Rows, long Faults, double Seconds, long PeakBytes);
