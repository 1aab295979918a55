namespace Symbolicator.Formats.Pdb;

/// <summary>Streams with fixed numbers.</summary>
internal static class PdbStreams
{
    public const int Info = 1;
    public const int Types = 2; // TPI
    public const int DebugInfo = 3; // DBI
    public const int Items = 4; // IPI

    /// <summary>Stands for "no stream" in 16-bit stream numbers.</summary>
    public const int None = 0xffff;
}
