using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Elf;

/// <summary>ELF, 32 and 64 bits, both byte orders.</summary>
public sealed class ElfFormat : IObjectFormat
{
    private ElfFormat()
    {
    }

    public static FileFormat Id => FileFormat.Elf;

    public static bool Matches(ReadOnlySpan<byte> prefix) => prefix.StartsWith("\x7f"u8) && prefix[1..].StartsWith("ELF"u8);

    public static IReadOnlyList<IObjectFile> Open(FileBytes file, ParseLimits limits) => [ElfObject.Open(file, limits)];
}
