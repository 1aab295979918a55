using System.Buffers;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Sources.Layouts;

namespace Symbolicator.Service.Sources;

/// <summary>A folder named by the configuration file. Files are copied before they are read: the folder is not ours.</summary>
internal sealed class FileSystemSymbolSource(FileSystemSourceConfig config, long maxBytes) : ISymbolSource
{
    private const int BufferBytes = 128 << 10;

    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(config.Path)) + Path.DirectorySeparatorChar;

    public string Id => config.Id;

    public bool IsPublic => config.IsPublic;

    public IReadOnlyList<ObjectLocation> Locate(ObjectQuery query) =>
        [.. SymbolPaths.Locate(config.Filters, config.Layout, query).Select(path => new ObjectLocation(path, $"file://{_root}{path}", query.FileType))];

    public async Task<FetchOutcome> FetchAsync(ObjectLocation location, Stream destination, CancellationToken ct)
    {
        string path = Path.GetFullPath(Path.Join(_root, location.Path));
        if (!path.StartsWith(_root, StringComparison.Ordinal) || location.Path.Contains('\0', StringComparison.Ordinal))
        {
            return new FetchOutcome(FetchStatus.NotFound);
        }

        FileStream file;
        try
        {
            // Without the check a folder of this name would look like a file that may not be read.
            if (!File.Exists(path))
            {
                return new FetchOutcome(FetchStatus.NotFound);
            }

            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or PathTooLongException)
        {
            return new FetchOutcome(FetchStatus.NotFound);
        }
        catch (UnauthorizedAccessException)
        {
            return new FetchOutcome(FetchStatus.Denied, Detail: "permission denied");
        }
        catch (IOException)
        {
            return new FetchOutcome(FetchStatus.Failed, Detail: "download failed: the file cannot be opened");
        }

        await using (file)
        {
            return await CopyAsync(file, destination, ct);
        }
    }

    private async Task<FetchOutcome> CopyAsync(FileStream file, Stream destination, CancellationToken ct)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long total = 0;
            while (true)
            {
                int read;
                try
                {
                    read = await file.ReadAsync(buffer, ct);
                }
                catch (IOException)
                {
                    return new FetchOutcome(FetchStatus.Failed, total, Detail: "download failed: the file cannot be read");
                }

                if (read == 0)
                {
                    return new FetchOutcome(FetchStatus.Found, total);
                }

                total += read;
                if (total > maxBytes)
                {
                    return new FetchOutcome(FetchStatus.TooLarge, total, Detail: $"larger than {maxBytes} bytes");
                }

                await destination.WriteAsync(buffer.AsMemory(0, read), ct);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
