using System.Text.Json;
using Symbolicator.Engine.Contracts;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Service.Jobs;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Endpoints;

/// <summary>Admits jobs and answers with their state; used by every endpoint that makes or polls one.</summary>
internal sealed class JobAnswers(
    JobTracker tracker, IJobStore store, AdmissionControl admission, ServiceMetrics metrics, TimeProvider time)
{
    /// <exception cref="RequestRefusedException">Too many jobs run, or the service stops.</exception>
    public void RequireRoom(HttpContext context)
    {
        if (!admission.HasRoom)
        {
            throw Refuse(context);
        }
    }

    /// <summary>Starts a job and waits for it as the query says.</summary>
    /// <exception cref="RequestRefusedException">Too many jobs run, or the service stops.</exception>
    public async Task<IResult> SubmitAsync(HttpContext context, Guid id, JobWork work, RequestQuery query)
    {
        if (admission.TryEnter() is not { } slot)
        {
            store.Delete(id);
            throw Refuse(context);
        }

        var job = await tracker.SubmitAsync(id, work, slot);
        return await AnswerAsync(job, query.Wait, context.RequestAborted);
    }

    /// <summary>The state of a job; 404 when it is not known.</summary>
    public async Task<IResult> PollAsync(Guid id, TimeSpan? wait, CancellationToken ct) =>
        tracker.Find(id) is { } job ? await AnswerAsync(job, wait, ct) : Results.StatusCode(StatusCodes.Status404NotFound);

    private async Task<IResult> AnswerAsync(Job job, TimeSpan? wait, CancellationToken ct)
    {
        try
        {
            await job.Finished.WaitAsync(wait ?? Timeout.InfiniteTimeSpan, time, ct);
        }
        catch (TimeoutException)
        {
            return Json(new PendingResponse { RequestId = job.Id.ToString("D") });
        }

        if (job.UnstoredResult is { } unstored)
        {
            return Json(unstored);
        }

        var result = store.OpenResult(job.Id);
        return result is null
            ? Results.StatusCode(StatusCodes.Status404NotFound)
            : Results.Stream(result, "application/json");
    }

    private RequestRefusedException Refuse(HttpContext context)
    {
        metrics.JobRejected();
        context.Response.Headers.RetryAfter = $"{admission.RetryAfter().TotalSeconds:F0}";
        return new RequestRefusedException(ErrorAnswer.Json(
            StatusCodes.Status503ServiceUnavailable,
            admission.IsOpen ? "maximum number of concurrent requests reached" : "the service is shutting down"));
    }

    private static IResult Json(SymbolicationResponse response) =>
        Results.Text(JsonSerializer.SerializeToUtf8Bytes(response, WireJson.Context.SymbolicationResponse), "application/json");
}
