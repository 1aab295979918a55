namespace Symbolicator.Formats.Core;

/// <summary>Where and why a reader stopped trusting its input.</summary>
/// <param name="Reason">What is wrong.</param>
/// <param name="Offset">Byte offset in the file (not in the window that was being read).</param>
public readonly record struct ParseFault(MalformedReason Reason, long Offset)
{
    public bool IsNone => Reason == MalformedReason.None;

    public override string ToString() => $"{Reason} at offset 0x{Offset:x}";
}
