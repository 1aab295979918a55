using Symbolicator.Service.Caching;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Endpoints;

/// <summary>Around every endpoint: measures, logs one line, and turns failures into the answers that are documented.</summary>
internal sealed class RequestPipeline(RequestDelegate next, ServiceMetrics metrics, TimeProvider time, ILogger<RequestPipeline> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        long started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; its job goes on.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await AnswerFor(context, e).ExecuteAsync(context);
        }

        // A template, never the path: paths hold ids, and there are as many as clients can think of.
        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
        var elapsed = time.GetElapsedTime(started);
        metrics.RequestEnded(route, context.Response.StatusCode, elapsed);
        if (route is not (HealthEndpoint.Path or MetricsEndpoint.Path))
        {
            Log.RequestEnded(log, context.Request.Method, route, context.Response.StatusCode, elapsed.TotalMilliseconds);
        }
    }

    private IResult AnswerFor(HttpContext context, Exception failure)
    {
        switch (failure)
        {
            case RequestRefusedException refused:
                return refused.Answer;
            case BadHttpRequestException bad:
                return ErrorAnswer.Text(bad.StatusCode, bad.Message);
            case UploadNotStoredException { InnerException: IOException full } when CacheOutput.IsFull(full):
                Log.DiskFull(log, "uploads");
                return ErrorAnswer.Json(StatusCodes.Status507InsufficientStorage, "no space left to store the upload");
            case UploadNotStoredException unwritable:
                Log.UploadNotStored(log, unwritable);
                return ErrorAnswer.Json(StatusCodes.Status500InternalServerError, "the upload cannot be stored");
            default:
                Log.RequestFailed(
                    log, failure, context.Request.Method, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none");
                return ErrorAnswer.Json(StatusCodes.Status500InternalServerError, "internal server error");
        }
    }
}
