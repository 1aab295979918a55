namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>Extents of functions as unwind information tells them.</summary>
internal interface IFunctionEnds
{
    /// <summary>
    /// End of the function that contains the address; where none does, the start of the next one. Always above
    /// <paramref name="rva"/>, the largest number when there is no more function.
    /// </summary>
    ulong EndAt(ulong rva);
}
