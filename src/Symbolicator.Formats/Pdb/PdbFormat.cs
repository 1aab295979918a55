using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>Program databases of Windows in multi-stream files of version 7.</summary>
public sealed class PdbFormat : IObjectFormat
{
    private PdbFormat()
    {
    }

    public static FileFormat Id => FileFormat.Pdb;

    public static bool Matches(ReadOnlySpan<byte> prefix) => prefix.StartsWith(MsfFile.Magic);

    public static IReadOnlyList<IObjectFile> Open(FileBytes file, ParseLimits limits) => [PdbObject.Open(file, limits)];
}
