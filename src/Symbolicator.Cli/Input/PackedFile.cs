using Symbolicator.Formats.Archives;
using Symbolicator.Formats.Core;

namespace Symbolicator.Cli.Input;

/// <summary>Takes the compression off files that symbol servers hand out packed: <c>.pd_</c>, <c>.gz</c>, <c>.zst</c>.</summary>
internal static class PackedFile
{
    /// <summary>The file itself when it is not packed, else its content; gives the file back then.</summary>
    public static FileBytes Unpack(string path, FileBytes file)
    {
        file.TrySlice(new ByteRange(0, Math.Min(4, file.Length)), out var prefix);
        if (Unpacker.Probe(prefix) == CompressionKind.None)
        {
            return file;
        }

        using (file)
        {
            // The name goes away at once; the space is given back when the mapping ends.
            string temporary = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            using var output = new FileStream(
                temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.DeleteOnClose);
            var result = Run(path, file, output);
            if (result.Status != UnpackStatus.Unpacked)
            {
                string kind = result.Compression.ToString().ToLowerInvariant();
                throw new CommandException($"{path}: cannot be unpacked ({kind}): {result.Detail ?? "damaged"}");
            }

            output.Flush();
            return MappedFileBytes.Open(temporary);
        }
    }

    private static UnpackResult Run(string path, FileBytes file, FileStream output)
    {
        try
        {
            return Unpacker.Unpack(file, output, new UnpackLimits());
        }
        catch (MissingLibraryException e)
        {
            throw new CommandException($"{path}: cannot be unpacked: {e.Message}");
        }
    }
}
