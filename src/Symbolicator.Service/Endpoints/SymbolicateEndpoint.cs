using Microsoft.Net.Http.Headers;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Jobs;
using Symbolicator.Service.Sources;

namespace Symbolicator.Service.Endpoints;

/// <summary><c>POST /symbolicate</c>: stack traces as JSON.</summary>
internal static class SymbolicateEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/symbolicate", HandleAsync);

    private static async Task<IResult> HandleAsync(HttpContext context, JobAnswers answers, SourceFactory sources, HttpOptions options)
    {
        RequireJson(context.Request);
        var query = RequestQuery.Read(context.Request);
        answers.RequireRoom(context);
        var request = await ReadAsync(context, options.SymbolicateBodyBytes);
        var work = new SymbolicateWork(query.Scope, request, RequestSources.Resolve(sources, request.Sources));
        return await answers.SubmitAsync(context, Guid.NewGuid(), work, query);
    }

    private static void RequireJson(HttpRequest request)
    {
        bool isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
            && (type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
        if (!isJson)
        {
            throw new RequestRefusedException(ErrorAnswer.Text(
                StatusCodes.Status415UnsupportedMediaType, "Expected request with `Content-Type: application/json`"));
        }
    }

    private static async Task<SymbolicateRequest> ReadAsync(HttpContext context, long limit)
    {
        try
        {
            await using var body = await RequestBody.OpenAsync(context, limit);
            return await RequestBody.ReadAllAsync(
                body, json => WireJson.Read(json, WireJson.Context.SymbolicateRequest), context.RequestAborted);
        }
        catch (BodyTooLargeException e)
        {
            throw new RequestRefusedException(ErrorAnswer.Text(
                StatusCodes.Status413PayloadTooLarge, $"The request body is larger than {e.Limit} bytes"));
        }
        catch (InvalidDataException)
        {
            throw new RequestRefusedException(ErrorAnswer.Text(
                StatusCodes.Status400BadRequest, "The request body is not compressed as Content-Encoding says"));
        }
        catch (RequestFormatException e)
        {
            throw new RequestRefusedException(e.Error == RequestFormatError.Syntax
                ? ErrorAnswer.Text(StatusCodes.Status400BadRequest, $"Failed to parse the request body as JSON: {e.Message}")
                : ErrorAnswer.Text(StatusCodes.Status422UnprocessableEntity, $"Failed to read the request body: {e.Message}"));
        }
    }
}
