namespace Symbolicator.Service.Endpoints;

/// <summary>Our disk did not take an upload: not the client's fault.</summary>
internal sealed class UploadNotStoredException(Exception inner) : Exception("the upload cannot be stored", inner);

/// <summary>Files that uploads are written to: faults of the disk are told apart from those of the connection.</summary>
internal static class UploadFile
{
    /// <exception cref="UploadNotStoredException">There is no room, or the directory cannot be written to.</exception>
    public static Stream Create(Func<Stream> create)
    {
        try
        {
            return create();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadNotStoredException(e);
        }
    }

    /// <summary>Writes what was read already, and the rest of the body.</summary>
    /// <exception cref="UploadNotStoredException">The disk does not take it.</exception>
    public static async Task FillAsync(Stream file, byte[] buffer, int read, Stream body, CancellationToken ct)
    {
        for (; read > 0; read = await body.ReadAsync(buffer, ct))
        {
            await StoreAsync(file.WriteAsync(buffer.AsMemory(0, read), ct));
        }

        await StoreAsync(new ValueTask(file.FlushAsync(ct)));
    }

    /// <summary>Closing writes once more what could not be written before.</summary>
    /// <exception cref="UploadNotStoredException">The disk still does not take it.</exception>
    public static async Task CloseAsync(Stream file) => await StoreAsync(file.DisposeAsync());

    private static async ValueTask StoreAsync(ValueTask writing)
    {
        try
        {
            await writing;
        }
        catch (IOException e)
        {
            throw new UploadNotStoredException(e);
        }
    }
}
