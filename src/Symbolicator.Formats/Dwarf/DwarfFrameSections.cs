using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Dwarf;

/// <summary>Call frame sections of one object, handed over by its container. Absent ones are default.</summary>
public sealed record DwarfFrameSections
{
    public required bool BigEndian { get; init; }

    public required CpuFamily Cpu { get; init; }

    /// <summary>Bytes of an address.</summary>
    public required int AddressSize { get; init; }

    /// <summary>Subtracted from every address.</summary>
    public required ulong ImageBase { get; init; }

    /// <summary><c>.debug_frame</c>.</summary>
    public Section DebugFrame { get; init; }

    /// <summary><c>.eh_frame</c>; its <see cref="Section.Address"/> is the base of pc-relative pointers.</summary>
    public Section EhFrame { get; init; }

    /// <summary><c>.eh_frame_hdr</c>, only an accelerator.</summary>
    public Section EhFrameHeader { get; init; }

    /// <summary>Address of <c>.text</c>, base of text-relative pointers.</summary>
    public ulong TextAddress { get; init; }

    /// <summary>Address of <c>.got</c>, base of data-relative pointers.</summary>
    public ulong GotAddress { get; init; }

    /// <summary>Sections with code, as far as the file has their bytes; for the scanner of stacks.</summary>
    public IReadOnlyList<Section> Code { get; init; } = [];

    /// <summary>The object is a Mach-O for i386, where .eh_frame swaps the numbers of esp and ebp.</summary>
    public bool SwapsEspAndEbp { get; init; }
}
