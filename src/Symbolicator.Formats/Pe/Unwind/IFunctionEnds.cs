namespace Symbolicator.Formats.Pe.Unwind;

/// <summary>Extents of functions as unwind information tells them.</summary>
internal interface IFunctionEnds
{
    /// <summary>
    /// End of the function that contains the address; where none does, the start of the next one. Always above
    /// <paramref name="rva"/>, the largest number when there is no more function.
    /// </summary>
    /// <param name="rva">Relative to the image base.</param>
    /// <param name="limit">Where the caller ends the function anyway: parts from there on are not looked at.</param>
    ulong EndAt(ulong rva, ulong limit = ulong.MaxValue);
}
