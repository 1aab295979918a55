using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Sources;

namespace Symbolicator.Service.Endpoints;

/// <summary>The parts of <c>POST /minidump</c>. The dump itself goes to a file as it comes in.</summary>
internal sealed class MinidumpForm
{
    private const int MaxFieldBytes = 1 << 20;
    private const int MaxBoundary = 256;
    private const int MaxParts = 1000;
    private const int CopyBytes = 128 << 10;
    private static readonly byte[] FormStart = "--"u8.ToArray();

    private bool _hasDump;

    /// <summary>Null for the configured ones.</summary>
    public IReadOnlyList<SourceConfig>? Sources { get; private set; }

    public RequestOptions Options { get; private set; } = new();

    public RewriteRules RewriteFirstModule { get; private set; } = RewriteRules.None;

    /// <param name="context">The request.</param>
    /// <param name="limit">Bytes of the body, before and after decompression.</param>
    /// <param name="createDump">Opens the file for the dump.</param>
    /// <exception cref="RequestRefusedException">The form is not as it should be.</exception>
    public static async Task<MinidumpForm> ReadAsync(HttpContext context, long limit, Func<Stream> createDump)
    {
        string boundary = BoundaryOf(context.Request);
        var form = new MinidumpForm();
        try
        {
            await using var body = await RequestBody.OpenAsync(context, limit);
            var reader = new MultipartReader(boundary, body);
            for (int parts = 1; await reader.ReadNextSectionAsync(context.RequestAborted) is { } section; parts++)
            {
                if (parts > MaxParts)
                {
                    throw Refused(StatusCodes.Status400BadRequest, $"the form has more than {MaxParts} parts");
                }

                await form.ReadSectionAsync(section, createDump, context.RequestAborted);
            }
        }
        catch (BodyTooLargeException e)
        {
            throw Refused(StatusCodes.Status400BadRequest, "failed to read the form", $"larger than {e.Limit} bytes");
        }
        catch (Exception e) when (e is InvalidDataException || (e is IOException && e is not BadHttpRequestException))
        {
            throw Refused(StatusCodes.Status400BadRequest, "failed to read the form", e.Message);
        }

        return form._hasDump ? form : throw Refused(StatusCodes.Status400BadRequest, "missing minidump");
    }

    private static string BoundaryOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            throw new RequestRefusedException(ErrorAnswer.Text(
                StatusCodes.Status415UnsupportedMediaType, "Expected request with `Content-Type: multipart/form-data`"));
        }

        string boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return boundary.Length is > 0 and <= MaxBoundary
            ? boundary
            : throw Refused(StatusCodes.Status400BadRequest, "invalid multipart boundary");
    }

    private async Task ReadSectionAsync(MultipartSection section, Func<Stream> createDump, CancellationToken ct)
    {
        string? name = ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
            ? HeaderUtilities.RemoveQuotes(disposition.Name).ToString()
            : null;
        switch (name)
        {
            case "upload_file_minidump":
                await SaveDumpAsync(section.Body, createDump, ct);
                _hasDump = true;
                break;
            case "sources":
                Sources = await ReadJsonAsync(section, name, WireJson.Context.IReadOnlyListSourceConfig, ct);
                break;
            case "options":
                Options = await ReadJsonAsync(section, name, WireJson.Context.RequestOptions, ct);
                break;
            case "scraping":
                // Sources of code are not downloaded in this version; the shape is checked all the same.
                await ReadJsonAsync(section, name, WireJson.Context.ScrapingOptions, ct);
                break;
            case "platform":
                await ReadJsonAsync(section, name, WireJson.Context.String, ct);
                break;
            case "rewrite_first_module":
                RewriteFirstModule = Compile(await ReadJsonAsync(section, name, WireJson.Context.IReadOnlyListRewriteRule, ct));
                break;
        }
    }

    private static RewriteRules Compile(IReadOnlyList<RewriteRule> rules)
    {
        try
        {
            return RewriteRules.Compile(rules);
        }
        catch (RewriteRuleException e)
        {
            throw Refused(StatusCodes.Status400BadRequest, "invalid rewrite_first_module", e.Message);
        }
    }

    private static async Task SaveDumpAsync(Stream body, Func<Stream> createDump, CancellationToken ct)
    {
        var file = UploadFile.Create(createDump);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            int read = await body.ReadAtLeastAsync(buffer, FormStart.Length, throwOnEndOfStream: false, ct);
            if (buffer.AsSpan(0, read).StartsWith(FormStart))
            {
                throw Refused(StatusCodes.Status400BadRequest, "minidump contains multipart form data");
            }

            await UploadFile.FillAsync(file, buffer, read, body, ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await UploadFile.CloseAsync(file);
        }
    }

    private static async Task<T> ReadJsonAsync<T>(MultipartSection section, string name, JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        try
        {
            await using var limited = new LimitedStream(section.Body, MaxFieldBytes);
            return await RequestBody.ReadAllAsync(limited, json => WireJson.Read(json, type), ct);
        }
        catch (BodyTooLargeException e) when (e.Limit == MaxFieldBytes)
        {
            throw Refused(StatusCodes.Status413PayloadTooLarge, $"Field {name} larger than {MaxFieldBytes} bytes");
        }
        catch (RequestFormatException e)
        {
            throw Refused(StatusCodes.Status400BadRequest, $"invalid field {name}", e.Message);
        }
    }

    private static RequestRefusedException Refused(int status, string detail, params string[] causes) =>
        new(ErrorAnswer.Json(status, detail, causes));
}
