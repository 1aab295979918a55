using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Core;

/// <summary>The file as a whole cannot be used. Thrown only by <c>Open</c> and <c>Build</c> entry points.</summary>
public sealed class MalformedFileException(FileFormat format, ParseFault fault, string? detail = null)
    : Exception($"{format}: {fault}{(detail is null ? "" : $" ({detail})")}")
{
    public FileFormat Format { get; } = format;

    public ParseFault Fault { get; } = fault;

    public string? Detail { get; } = detail;
}
