using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache.Build;

namespace Symbolicator.SymCache;

/// <summary>
/// Makes a symcache from an object file in two passes: functions become runs of rows in a temporary file, then all runs
/// are read back in address order and encoded. Memory does not grow with the number of rows.
/// </summary>
public static class SymCacheBuilder
{
    /// <summary>Raised when the same input gives other answers than before.</summary>
    internal const ulong SemanticVersion = 2;

    /// <summary>Changes whenever existing caches must not be used any more; part of the keys of caches.</summary>
    public static string CacheVersion { get; } = $"{Layout.ScfHeader.Major}.{SemanticVersion}";

    /// <exception cref="MalformedFileException">
    /// The debug information is unusable as a whole, or the result does not fit the format.
    /// </exception>
    /// <exception cref="IOException">The output or the temporary files cannot be written.</exception>
    public static BuildReport Build(
        IObjectFile file, Stream output, SymCacheOptions options, ParseLimits limits, CancellationToken cancellationToken)
    {
        var names = new InternPool(limits);
        using var runs = new RunStore(file, names, options, limits);
        runs.Collect(cancellationToken);
        return new CacheAssembler(file, names, runs, options).Write(output, cancellationToken);
    }

    /// <summary>An offset that sections store in 32 bits.</summary>
    internal static uint Offset32(long offset, string what) =>
        offset <= uint.MaxValue
            ? (uint)offset
            : throw new MalformedFileException(FileFormat.SymCache, new ParseFault(MalformedReason.SizeOverLimit, offset), what);
}
