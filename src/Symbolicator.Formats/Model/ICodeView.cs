namespace Symbolicator.Formats.Model;

/// <summary>Machine code of one object. Safe to use from several threads.</summary>
public interface ICodeView
{
    /// <summary>Fills the whole span with code from an address relative to the image base; false when it is not at hand.</summary>
    bool TryReadCode(ulong rva, Span<byte> destination);
}
