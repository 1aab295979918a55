using System.Globalization;
using Symbolicator.Formats.Unwind;

namespace Symbolicator.Formats.Tests.Unwind;

/// <summary>Frames as text for comparison.</summary>
internal static class FrameListing
{
    public static string[] Of(WalkedThread thread) =>
        [.. thread.Frames.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.InstructionAddress:x} {f.Trust} {f.Module}"))];
}
