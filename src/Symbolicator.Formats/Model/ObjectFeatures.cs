namespace Symbolicator.Formats.Model;

/// <summary>What can be had from an object file, from its headers alone.</summary>
[Flags]
public enum ObjectFeatures : byte
{
    None = 0,

    /// <summary>A symbol table with names.</summary>
    Symbols = 1,

    /// <summary>Functions with lines or inlined calls.</summary>
    DebugInfo = 2,

    /// <summary>Call frame information.</summary>
    UnwindInfo = 4,

    /// <summary>Source text or links to it.</summary>
    Sources = 8,
}
