namespace Symbolicator.Formats.Dwarf.Frames;

/// <summary>A common information entry (DWARF5 §6.4.1).</summary>
internal readonly record struct CommonEntry
{
    /// <summary>Offset in the section.</summary>
    public required ulong Offset { get; init; }

    public required int AddressSize { get; init; }

    public required int SegmentSize { get; init; }

    public required ulong CodeAlignment { get; init; }

    public required long DataAlignment { get; init; }

    public required ulong ReturnAddressRegister { get; init; }

    /// <summary>Encoding of the addresses in entries that refer to this one.</summary>
    public required byte PointerEncoding { get; init; }

    /// <summary>Entries that refer to this one have augmentation data.</summary>
    public required bool HasAugmentationData { get; init; }

    /// <summary>The function is a signal trampoline.</summary>
    public required bool IsSignalFrame { get; init; }

    public required InstructionRange Instructions { get; init; }
}

/// <summary>A frame description entry (DWARF5 §6.4.1).</summary>
internal readonly record struct FunctionEntry
{
    /// <summary>Its common entry.</summary>
    public required CommonEntry Common { get; init; }

    /// <summary>First address, as linked.</summary>
    public required ulong Start { get; init; }

    public required ulong Size { get; init; }

    public required InstructionRange Instructions { get; init; }
}

/// <summary>Instructions, by their offset in the section.</summary>
internal readonly record struct InstructionRange(ulong Offset, ulong Length);
