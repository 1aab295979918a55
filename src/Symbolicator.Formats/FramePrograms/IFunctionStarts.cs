namespace Symbolicator.Formats.FramePrograms;

/// <summary>Knows where functions start.</summary>
internal interface IFunctionStarts
{
    /// <summary>False also where nothing is known.</summary>
    bool IsFunctionStart(ulong rva);
}
