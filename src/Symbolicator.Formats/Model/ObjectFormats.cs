using Symbolicator.Formats.Breakpad;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Elf;
using Symbolicator.Formats.Pdb;
using Symbolicator.Formats.Pe;

namespace Symbolicator.Formats.Model;

/// <summary>The formats that are read, and recognition of those that are not.</summary>
public static class ObjectFormats
{
    /// <summary>Bytes that recognition looks at.</summary>
    public const int PrefixBytes = 64;

    private static readonly Entry[] Readers =
    [
        Of<ElfFormat>(),
        Of<BreakpadFormat>(),
        Of<PeFormat>(),
        Of<PdbFormat>(),
    ];

    /// <summary>Format by magic only, never by name; unknown when no magic matches.</summary>
    public static FileFormat Probe(ReadOnlySpan<byte> prefix)
    {
        foreach (var reader in Readers)
        {
            if (reader.Matches(prefix))
            {
                return reader.Format;
            }
        }

        return KnownMagic.Probe(prefix);
    }

    /// <summary>Opens all objects of a file. The objects hold leases of their own; dispose each.</summary>
    /// <exception cref="MalformedFileException">
    /// Not a known format, a known one that this version does not read (<see cref="MalformedReason.Unsupported"/>),
    /// or a container that cannot be read.
    /// </exception>
    public static IReadOnlyList<IObjectFile> Open(FileBytes file, ParseLimits? limits = null)
    {
        file.TrySlice(new ByteRange(0, Math.Min(PrefixBytes, file.Length)), out var prefix);
        foreach (var reader in Readers)
        {
            if (reader.Matches(prefix))
            {
                return reader.Open(file, limits ?? ParseLimits.Default);
            }
        }

        var format = KnownMagic.Probe(prefix);
        var reason = format == FileFormat.Unknown ? MalformedReason.BadMagic : MalformedReason.Unsupported;
        throw new MalformedFileException(format, new ParseFault(reason, 0), KnownMagic.Describe(prefix));
    }

    private delegate bool MatchesPrefix(ReadOnlySpan<byte> prefix);

    private delegate IReadOnlyList<IObjectFile> OpenFile(FileBytes file, ParseLimits limits);

    private sealed record Entry(FileFormat Format, MatchesPrefix Matches, OpenFile Open);

    private static Entry Of<T>()
        where T : IObjectFormat => new(T.Id, T.Matches, T.Open);
}
