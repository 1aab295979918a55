namespace Symbolicator.Formats.Unwind;

/// <summary>How a frame was found, from most to least trustworthy but for the last two.</summary>
public enum FrameTrust : byte
{
    /// <summary>From the register context in the dump; exact.</summary>
    Context,

    /// <summary>By unwind information of the callee's module.</summary>
    Cfi,

    /// <summary>By the chain of frame pointers.</summary>
    FramePointer,

    /// <summary>A word on the stack that looks like a return address.</summary>
    Scan,

    /// <summary>Found by scanning, its registers completed by unwind information.</summary>
    CfiScan,

    /// <summary>Walked by the process itself and handed over with the dump.</summary>
    Prewalked,
}
