using Symbolicator.Engine.Minidumps;
using Symbolicator.Formats.Core;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Jobs;
using Symbolicator.Service.Sources;

namespace Symbolicator.Service.Endpoints;

/// <summary><c>POST /minidump</c>: a minidump as multipart form.</summary>
internal static class MinidumpEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/minidump", HandleAsync);

    private static async Task<IResult> HandleAsync(
        HttpContext context, JobAnswers answers, SourceFactory sources, IJobStore store, HttpOptions options, ParseLimits limits)
    {
        var query = RequestQuery.Read(context.Request);
        answers.RequireRoom(context);
        var id = Guid.NewGuid();
        MinidumpWork work;
        try
        {
            var form = await MinidumpForm.ReadAsync(context, options.CrashFileBodyBytes, () => store.CreateInput(id));
            var job = new MinidumpJob
            {
                Sources = RequestSources.Resolve(sources, form.Sources),
                Scope = query.Scope,
                DifCandidates = form.Options.DifCandidates,
                RewriteFirstModule = form.RewriteFirstModule,
                Limits = limits,
            };
            work = new MinidumpWork(job, form.Sources?.Select(source => source.Id).ToArray());
        }
        catch
        {
            store.Delete(id);
            throw;
        }

        return await answers.SubmitAsync(context, id, work, query);
    }
}
