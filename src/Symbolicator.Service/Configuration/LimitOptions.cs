using Symbolicator.Formats.Core;

namespace Symbolicator.Service.Configuration;

/// <summary>Bounds on what is read from debug files.</summary>
internal static class LimitOptions
{
    public static ParseLimits Read(ConfigSection root)
    {
        root.WithoutEffect("object_file_max_decompressed_source_size", "max_unwind_chain_len");
        return ParseLimits.Default with
        {
            DecompressedSectionBytes =
                root.OptionalBytes("object_file_max_decompressed_section_size", ParseLimits.Default.DecompressedSectionBytes) ?? long.MaxValue,
        };
    }
}
