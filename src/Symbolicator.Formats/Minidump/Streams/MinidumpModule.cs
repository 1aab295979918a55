using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>One image in the process (MINIDUMP_MODULE). Never empty, never wraps around the address space.</summary>
public sealed class MinidumpModule
{
    /// <summary>Position in the module list of the file; the main executable is usually 0.</summary>
    public required int ListIndex { get; init; }

    public required ulong Address { get; init; }

    /// <summary>Bytes.</summary>
    public required uint Size { get; init; }

    /// <summary>The last byte.</summary>
    public ulong LastAddress => unchecked(Address + Size - 1);

    /// <summary>Path as the dump's system writes it; null when its text could not be read.</summary>
    public required string? CodeFile { get; init; }

    public required CodeId? CodeId { get; init; }

    public required DebugId? DebugId { get; init; }

    /// <summary>Name of the file with the debug information; null when the dump says nothing of it.</summary>
    public required string? DebugFile { get; init; }

    /// <summary>File version of the version resource, <c>a.b.c.d</c>; null when absent.</summary>
    public required string? Version { get; init; }

    /// <summary>Seconds since 1970 of the image header, 0 on most systems but Windows.</summary>
    public required uint Timestamp { get; init; }

    /// <summary>Where its record lies in the dump.</summary>
    internal long FileOffset { get; init; }

    public bool Contains(ulong address) => address >= Address && address <= LastAddress;
}
