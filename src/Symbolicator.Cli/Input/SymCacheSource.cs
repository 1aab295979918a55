using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.SymCache;

namespace Symbolicator.Cli.Input;

/// <summary>Gives a symcache for any file: the file itself when it is one, else one that is built on the spot.</summary>
internal static class SymCacheSource
{
    // Above this the cache goes to a temporary file: it could exceed what an array holds.
    private const long MemoryLimit = 512 << 20;

    public static bool IsSymCache(FileBytes file)
    {
        file.TrySlice(new ByteRange(0, Math.Min(ObjectFormats.PrefixBytes, file.Length)), out var prefix);
        return ObjectFormats.Probe(prefix) == FileFormat.SymCache;
    }

    /// <summary>Opens or builds; the caller disposes it.</summary>
    public static SymCacheFile Open(string path, FileBytes file, string? arch, Terminal terminal)
    {
        try
        {
            if (IsSymCache(file))
            {
                var cache = SymCacheFile.Open(file.Retain());
                if (arch is not null && ObjectSelection.ParseArch(arch) is var wanted && cache.Info.Arch.Family() != wanted.Family())
                {
                    cache.Dispose();
                    throw new CommandException($"{path}: was made for {cache.Info.Arch.Name()}, not for {wanted.Name()}");
                }

                return cache;
            }

            using var item = ObjectSelection.Open(path, file, arch, terminal);
            return Build(item, file.Length);
        }
        catch (MalformedFileException e)
        {
            throw new CommandException(FileProblem.Describe(path, e));
        }
    }

    private static SymCacheFile Build(IObjectFile item, long sourceSize)
    {
        var options = SymCacheOptions.Default with { SourceSize = sourceSize, StringProfile = StringProfile.Plain };
        if (sourceSize <= MemoryLimit)
        {
            using var memory = new MemoryStream();
            SymCacheBuilder.Build(item, memory, options, ParseLimits.Default, CancellationToken.None);
            return SymCacheFile.Open(new MemoryFileBytes(memory.GetBuffer().AsMemory(0, (int)memory.Length)));
        }

        string temporary = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var output = new FileStream(
            temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.DeleteOnClose);
        SymCacheBuilder.Build(item, output, options, ParseLimits.Default, CancellationToken.None);
        output.Flush();
        return SymCacheFile.Open(MappedFileBytes.Open(temporary));
    }
}
