using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Symbolicator.Formats.Archives;
using Symbolicator.Service.Caching;

namespace Symbolicator.Service.Endpoints;

/// <summary>Bodies of requests: decompressed, and limited before and after that.</summary>
internal static class RequestBody
{
    private const int CopyBytes = 128 << 10;

    /// <summary>
    /// The body as a stream that throws <see cref="BodyTooLargeException"/> beyond the limit.
    /// </summary>
    /// <exception cref="RequestRefusedException">An encoding that is not understood.</exception>
    public static async Task<Stream> OpenAsync(HttpContext context, long limit)
    {
        // The limit of the server knows nothing of compression, and answers differently.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = null;
        }

        if (context.Request.ContentLength > limit)
        {
            throw new BodyTooLargeException(limit);
        }

        var raw = new LimitedStream(context.Request.Body, limit);
        string encoding = context.Request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        return encoding switch
        {
            "" or "identity" => raw,
            "gzip" or "x-gzip" => new LimitedStream(new GZipStream(raw, CompressionMode.Decompress), limit),
            "zstd" => new LimitedStream(StreamDecompression.OpenZstd(await SpoolAsync(raw, context)), limit),
            _ => throw Unsupported(context),
        };
    }

    /// <summary>The decoder reads synchronously, which connections do not allow; files do.</summary>
    private static async Task<Stream> SpoolAsync(Stream raw, HttpContext context)
    {
        var disk = context.RequestServices.GetRequiredService<DiskCache>();
        var file = UploadFile.Create(() => CreateTemporary(disk));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            await UploadFile.FillAsync(file, buffer, await raw.ReadAsync(buffer, context.RequestAborted), raw, context.RequestAborted);
            file.Position = 0;

            // The decoder does not own its input.
            context.Response.RegisterForDispose(file);
            return file;
        }
        catch
        {
            await UploadFile.CloseAsync(file);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static FileStream CreateTemporary(DiskCache disk)
    {
        DiskCache.CreatePrivateDirectory(disk.TemporaryDirectory);
        return new FileStream(disk.NewTemporaryPath(), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            Options = FileOptions.DeleteOnClose,
        });
    }

    /// <summary>Reads the rest of a stream into pooled memory, hands it out once, and gives it back.</summary>
    public static async Task<T> ReadAllAsync<T>(Stream body, Func<ReadOnlySequence<byte>, T> read, CancellationToken ct)
    {
        var reader = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 64 << 10, leaveOpen: true));
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(ct);
                if (result.IsCompleted)
                {
                    return read(result.Buffer);
                }

                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static RequestRefusedException Unsupported(HttpContext context)
    {
        context.Response.Headers.AcceptEncoding = "gzip, zstd";
        return new RequestRefusedException(ErrorAnswer.Text(
            StatusCodes.Status415UnsupportedMediaType, "Unsupported Content-Encoding: expected gzip, zstd or identity"));
    }
}
