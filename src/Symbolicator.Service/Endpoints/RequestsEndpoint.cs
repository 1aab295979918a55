namespace Symbolicator.Service.Endpoints;

/// <summary><c>GET /requests/{id}</c>: the state of a job. Polling does not use the result up.</summary>
internal static class RequestsEndpoint
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/requests/{id}", Methods, HandleAsync);

    private static async Task<IResult> HandleAsync(HttpContext context, string id, JobAnswers answers)
    {
        var query = RequestQuery.Read(context.Request);
        return Guid.TryParse(id, out var job)
            ? await answers.PollAsync(job, query.Wait, context.RequestAborted)
            : Results.StatusCode(StatusCodes.Status404NotFound);
    }
}
