using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>
/// The DWARF sections of one object, handed over by its container. Absent ones are default. The container owns the
/// bytes and keeps them while sessions and tables are in use.
/// </summary>
public sealed record DwarfSections
{
    public required bool BigEndian { get; init; }

    /// <summary>Bytes of an address in the container; units state their own.</summary>
    public required int AddressSize { get; init; }

    /// <summary>Subtracted from every address.</summary>
    public required ulong ImageBase { get; init; }

    /// <summary>Address 0 is a real place here (relocatable objects, Wasm), not a tombstone.</summary>
    public bool ZeroIsValid { get; init; }

    /// <summary>
    /// Where code can be, as absolute addresses, ascending; functions outside are discarded code. Empty when unknown.
    /// </summary>
    public IReadOnlyList<AddressRange> Code { get; init; } = [];

    public Section Info { get; init; }

    public Section Types { get; init; }

    public Section Abbrev { get; init; }

    public Section Line { get; init; }

    public Section LineStr { get; init; }

    public Section Str { get; init; }

    public Section StrOffsets { get; init; }

    public Section Addr { get; init; }

    public Section Ranges { get; init; }

    public Section RngLists { get; init; }
}
