namespace Symbolicator.Formats.Unwind;

/// <summary>Tells code from anything else in one module. Safe to use from several threads.</summary>
public interface ISymbolCoverage
{
    /// <summary>True when a function or symbol covers the address, which is relative to the image base.</summary>
    bool HasSymbolAt(ulong rva);
}
