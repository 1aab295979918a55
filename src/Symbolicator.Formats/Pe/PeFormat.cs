using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pe;

/// <summary>Portable Executable images of 32 and 64 bits.</summary>
public sealed class PeFormat : IObjectFormat
{
    private PeFormat()
    {
    }

    public static FileFormat Id => FileFormat.Pe;

    public static bool Matches(ReadOnlySpan<byte> prefix) => prefix.StartsWith("MZ"u8);

    public static IReadOnlyList<IObjectFile> Open(FileBytes file, ParseLimits limits) => [PeObject.Open(file, limits)];
}
